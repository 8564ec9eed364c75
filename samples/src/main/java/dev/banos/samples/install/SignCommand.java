package dev.banos.samples.install;

import dev.banos.libc.getopt.LongOption;
import dev.banos.libc.getopt.LongOption.Argument;
import dev.banos.loader.DriverSignature;
import dev.banos.loader.LinkException;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import java.io.PrintStream;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.List;

/** {@code banos sign}: signatures beside files, for hosts that ask for them. */
public final class SignCommand {
    private static final String USAGE = """
            usage: banos sign --key KEY.pem FILE...

            Signs each file with the private Ed25519 key and writes FILE.sig, for banos install --require-signature and for
            hosts whose policy asks for signatures.

              openssl genpkey -algorithm ed25519 -out KEY.pem      makes a key
              openssl pkey -in KEY.pem -pubout -out PUBLIC.pem     writes the part that hosts need
            """;

    private SignCommand() {
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        Options options = new Options("banos sign", USAGE, args, out, err, LongOption.of("key", Argument.REQUIRED, 'k'));
        Path key = null;
        List<Path> files = new ArrayList<>();
        for (int option; (option = options.next()) != Options.END; ) {
            if (option == Options.OPERAND) {
                files.add(Path.of(options.argument()));
            } else {
                key = Path.of(options.argument());
            }
        }
        if (key == null || files.isEmpty()) {
            throw CommandEnd.wrongUsage("--key and a file to sign are needed");
        }
        try {
            PrivateKey privateKey = DriverSignature.readPrivateKey(key);
            for (Path file : files) {
                DriverSignature.sign(file, privateKey);
            }
        } catch (LinkException failed) {
            throw CommandEnd.failure(failed);
        }
        return CommandEnd.SUCCESS;
    }
}
