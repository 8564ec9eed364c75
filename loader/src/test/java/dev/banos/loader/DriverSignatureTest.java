package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Only what a trusted key has signed is installed, byte for byte; OpenSSL is the oracle. */
@RunsObjects
class DriverSignatureTest {
    private static final int MUTATIONS = 300;

    @TempDir
    Path folder;
    private Path driver;
    private Path privateKey;
    private PublicKey key;
    @AutoClose
    private Loader loader;

    @BeforeEach
    void create() {
        CCompiler.requireProgram("openssl");
        driver = InstallManyTest.driver(folder, "signed", "");
        privateKey = key("key");
        key = DriverSignature.readPublicKey(publicKey("key"));
        loader = Loader.create(InstallPolicy.signedBy(key), line -> { });
    }

    private Path key(String name) {
        Path file = folder.resolve(name + ".pem");
        CCompiler.run(List.of("openssl", "genpkey", "-algorithm", "ed25519", "-out", file.toString()));
        return file;
    }

    private Path publicKey(String name) {
        Path file = folder.resolve(name + ".public.pem");
        CCompiler.run(List.of("openssl", "pkey", "-in", folder.resolve(name + ".pem").toString(), "-pubout", "-out", file.toString()));
        return file;
    }

    private LinkException refused(Path file) {
        LinkException refused = catchThrowableOfType(LinkException.class, () -> loader.install(file));
        assertThat(refused.errno()).isEqualTo(1);
        assertThat(refused.getMessage()).startsWith(file + ": not permitted: ").doesNotContain("\n");
        assertThat(loader.drivers()).isEmpty();
        return refused;
    }

    @Test
    void whatIsSignedHereOpensslAcceptsAndTheOtherWayRound() {
        Path signature = DriverSignature.sign(driver, DriverSignature.readPrivateKey(privateKey));
        assertThat(signature).isEqualTo(folder.resolve("signed.o.sig")).hasSize(64);
        assertThat(CCompiler.run(List.of("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", publicKey("key").toString(), "-rawin",
                "-in", driver.toString(), "-sigfile", signature.toString()))).contains("Verified Successfully");
        loader.install(driver).uninstall();
        CCompiler.run(List.of("openssl", "pkeyutl", "-sign", "-inkey", privateKey.toString(), "-rawin", "-in", driver.toString(),
                "-out", signature.toString()));
        loader.install(driver).uninstall();
    }

    @Test
    void aFileWithoutASignatureNamesItTheKeyAndTheRemedy() {
        assertThat(refused(driver)).hasMessageContaining("no signature").hasMessageContaining("signed.o.sig")
                .hasMessageContaining(DriverSignature.keyId(key)).hasMessageContaining("banos sign");
    }

    @Test
    void anotherKeysSignatureIsNone() {
        key("other");
        DriverSignature.sign(driver, DriverSignature.readPrivateKey(folder.resolve("other.pem")));
        assertThat(refused(driver)).hasMessageContaining("is not of these bytes by key " + DriverSignature.keyId(key));
        PublicKey other = DriverSignature.readPublicKey(publicKey("other"));
        try (Loader both = Loader.create(InstallPolicy.signedBy(key, other), line -> { })) {
            both.install(driver);
        }
    }

    @Test
    void noChangedByteOfFileOrSignaturePasses() throws IOException {
        byte[] file = Files.readAllBytes(driver);
        byte[] signature = Files.readAllBytes(DriverSignature.sign(driver, DriverSignature.readPrivateKey(privateKey)));
        InstallPolicy policy = InstallPolicy.signedBy(key);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] changed = file.clone();
            changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            assertThat(policy.objection(new InstallPolicy.Request(driver, changed, null))).as("seed " + seed).isNotNull();
        }
        for (int bit = 0; bit < signature.length * 8; bit++) {
            byte[] changed = signature.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(DriverSignature.fileOf(driver), changed);
            assertThat(policy.objection(new InstallPolicy.Request(driver, file, null))).as("bit " + bit).isNotNull();
        }
        Files.write(DriverSignature.fileOf(driver), new byte[63]);
        assertThat(refused(driver)).hasMessageContaining("63 bytes").hasMessageContaining("64");
        assertThat(policy.objection(new InstallPolicy.Request(null, file, null))).contains("given as bytes");
    }

    /** Anything may stand beside a file: a pipe that nobody writes to would hold the loader up, a device would fill its heap. */
    @Test
    @Timeout(30)
    void aSignatureWithoutAnEndIsNotRead() throws IOException {
        CCompiler.run(List.of("mkfifo", DriverSignature.fileOf(driver).toString()));
        assertThat(refused(driver)).hasMessageContaining("signed.o.sig is no file");
        Files.delete(DriverSignature.fileOf(driver));
        Files.createSymbolicLink(DriverSignature.fileOf(driver), Path.of("/dev/zero"));
        assertThat(refused(driver)).hasMessageContaining("signed.o.sig is no file");
        Files.delete(DriverSignature.fileOf(driver));
        try (RandomAccessFile large = new RandomAccessFile(DriverSignature.fileOf(driver).toFile(), "rw")) {
            large.setLength(1L << 33);
        }
        assertThat(refused(driver)).hasMessageContaining("8589934592 bytes");
    }

    @Test
    void policiesAreJoined() {
        DriverSignature.sign(driver, DriverSignature.readPrivateKey(privateKey));
        InstallPolicy nobody = request -> "nobody may";
        try (Loader strict = Loader.create(InstallPolicy.signedBy(key).and(nobody), line -> { })) {
            assertThatThrownBy(() -> strict.install(driver)).hasMessageContaining("not permitted: nobody may");
        }
        assertThatThrownBy(() -> InstallPolicy.signedBy()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aFileThatIsNoKeySaysSo() throws IOException {
        Path text = Files.writeString(folder.resolve("text.pem"), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        assertThatThrownBy(() -> DriverSignature.readPublicKey(text)).isInstanceOf(LinkException.class)
                .hasMessageContaining("text.pem").hasMessageContaining("PUBLIC KEY").hasMessageContaining("openssl");
        assertThatThrownBy(() -> DriverSignature.readPublicKey(privateKey)).isInstanceOf(LinkException.class);
        assertThatThrownBy(() -> DriverSignature.readPrivateKey(text)).isInstanceOf(LinkException.class);
        assertThatThrownBy(() -> DriverSignature.readPrivateKey(folder.resolve("absent.pem"))).isInstanceOf(LinkException.class)
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> DriverSignature.sign(folder.resolve("absent.o"), DriverSignature.readPrivateKey(privateKey)))
                .isInstanceOf(LinkException.class);
    }
}
