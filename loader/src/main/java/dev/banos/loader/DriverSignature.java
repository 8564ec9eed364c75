package dev.banos.loader;

import dev.banos.bindings.FileTrouble;
import dev.banos.loader.elf.FileBytes;
import dev.banos.loader.elf.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Signatures of files by Ed25519 (RFC 8032). The signature of {@code ring.o}, 64 bytes over all of it, is in {@code ring.o.sig}
 * beside it. In a file of its own it leaves the object as the compiler made it, and works for archives, too. OpenSSL makes and
 * checks the same: {@code openssl pkeyutl -sign -rawin -inkey key.pem -in ring.o -out ring.o.sig}.
 */
public final class DriverSignature {
    private static final String ALGORITHM = "Ed25519";
    private static final String SUFFIX = ".sig";
    private static final int SIGNATURE_BYTES = 64;
    private static final int ID_BYTES = 8;

    private DriverSignature() {
    }

    /**
     * {@return where the signature of that file is looked for}
     *
     * @param signed the object or archive
     */
    public static Path fileOf(Path signed) {
        return signed.resolveSibling(signed.getFileName() + SUFFIX);
    }

    /**
     * Signs the file, and writes the signature to a file beside it.
     *
     * @param file the object or archive
     * @param key a private key of Ed25519
     * @return {@link #fileOf} the file
     * @throws LinkException if one of them cannot be read or written
     */
    public static Path sign(Path file, PrivateKey key) {
        Path output = fileOf(file);
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(FileBytes.read(file));
            return Files.write(output, signature.sign());
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        } catch (IOException failed) {
            FileTrouble.removeHalf(output, failed);
            throw LinkException.of(new Refusal(Refusal.EIO, output.toString(), null, -1, "cannot be written: "
                    + FileTrouble.cause(failed), null));
        } catch (GeneralSecurityException wrong) {
            throw new IllegalArgumentException("key=" + key.getAlgorithm() + ": " + wrong.getMessage(), wrong);
        }
    }

    /** Why none of the keys vouches for the bytes, or null where one does. */
    static @Nullable String objection(@Nullable Path path, byte[] bytes, List<PublicKey> keys) {
        if (path == null) {
            return "it was given as bytes, beside which no signature can stand; install it by its path";
        }
        Path file = fileOf(path);
        byte[] signature;
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                return "its signature " + file + " is no file: a pipe or device may have no end";
            }
            if (attributes.size() != SIGNATURE_BYTES) {
                return lengthObjection(file, attributes.size());
            }
            signature = Files.readAllBytes(file);
        } catch (NoSuchFileException missing) {
            return "it has no signature: there is no " + file + "; sign it with banos sign, for " + ids(keys);
        } catch (IOException failed) {
            return "its signature " + file + " cannot be read: " + FileTrouble.cause(failed);
        }
        for (PublicKey key : keys) {
            if (isBy(key, bytes, signature)) {
                return null;
            }
        }
        return "its signature " + file + " is not of these bytes by " + ids(keys)
                + "; if the file is as its author made it, have it signed anew";
    }

    private static String lengthObjection(Path file, long bytes) {
        return "its signature " + file + " has " + bytes + " bytes, one of " + ALGORITHM + " has " + SIGNATURE_BYTES
                + "; sign it anew with banos sign";
    }

    private static boolean isBy(PublicKey key, byte[] bytes, byte[] signature) {
        try {
            Signature verifier = Signature.getInstance(ALGORITHM);
            verifier.initVerify(key);
            verifier.update(bytes);
            return verifier.verify(signature);
        } catch (GeneralSecurityException malformed) {
            return false; // bytes that are no signature at all are reported like one of something else
        }
    }

    private static String ids(List<PublicKey> keys) {
        return (keys.size() == 1 ? "key " : "any of the keys ")
                + keys.stream().map(DriverSignature::keyId).collect(Collectors.joining(", "));
    }

    /**
     * {@return the first 16 hexadecimal digits of the SHA-256 of the key's X.509 form: what messages call the key}
     *
     * @param key a public key
     */
    public static String keyId(PublicKey key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
            return HexFormat.of().formatHex(Arrays.copyOf(digest, ID_BYTES));
        } catch (GeneralSecurityException missing) {
            throw new AssertionError("every Java has SHA-256", missing);
        }
    }

    /**
     * Reads a public key, as {@code openssl pkey -pubout} writes it.
     *
     * @param pem a file in PEM (RFC 7468)
     * @return the key
     * @throws LinkException if the file cannot be read or holds no public key of Ed25519
     */
    public static PublicKey readPublicKey(Path pem) {
        byte[] encoded = read(pem, "PUBLIC KEY", "openssl pkey -in KEY.pem -pubout writes one");
        try {
            return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
        } catch (GeneralSecurityException wrong) {
            throw noKey(pem, "PUBLIC KEY", "openssl pkey -in KEY.pem -pubout writes one");
        }
    }

    /**
     * Reads a private key, as {@code openssl genpkey -algorithm ed25519} writes it.
     *
     * @param pem a file in PEM (RFC 7468)
     * @return the key
     * @throws LinkException if the file cannot be read or holds no private key of Ed25519, or one with a password
     */
    public static PrivateKey readPrivateKey(Path pem) {
        byte[] encoded = read(pem, "PRIVATE KEY", "openssl genpkey -algorithm ed25519 writes one");
        try {
            return KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (GeneralSecurityException wrong) {
            throw noKey(pem, "PRIVATE KEY", "openssl genpkey -algorithm ed25519 writes one");
        }
    }

    /** The bytes between the lines that begin and end a key of that kind (RFC 7468). */
    private static byte[] read(Path pem, String kind, String remedy) {
        try {
            String text = new String(FileBytes.read(pem), StandardCharsets.ISO_8859_1);
            String begin = "-----BEGIN " + kind + "-----";
            int start = text.indexOf(begin);
            int end = text.indexOf("-----END " + kind + "-----");
            if (start < 0 || end < start) {
                throw noKey(pem, kind, remedy);
            }
            return Base64.getMimeDecoder().decode(text.substring(start + begin.length(), end));
        } catch (IllegalArgumentException damaged) {
            throw noKey(pem, kind, remedy);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    private static LinkException noKey(Path pem, String kind, String remedy) {
        return LinkException.of(new Refusal(Refusal.EINVAL, pem.toString(), null, -1, "it holds no " + kind + " of " + ALGORITHM
                + " in PEM form", remedy));
    }
}
