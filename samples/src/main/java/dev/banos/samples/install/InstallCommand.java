package dev.banos.samples.install;

import dev.banos.libc.getopt.LongOption;
import dev.banos.libc.getopt.LongOption.Argument;
import dev.banos.loader.Driver;
import dev.banos.loader.DriverSignature;
import dev.banos.loader.Export;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.LoadStep;
import dev.banos.loader.Loader;
import dev.banos.loader.ObjectLinker;
import dev.banos.loader.Prototype;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** {@code banos install}: drivers into this process, calls of what they export, drivers out again in reverse order. */
public final class InstallCommand {
    private static final String USAGE = """
            usage: banos install [-v] [--any-user] [--library LIB.so]... FILE.o|FILE.a... [--call 'PROTOTYPE' [ARG...]]...
                   banos install --object [-v] [--any-user] [--library LIB.so]... FILE.o|FILE.a... [--call ...]...

            Installs the drivers, those that others need first, makes the calls, prints what they return, and uninstalls
            the drivers in reverse order. Of an archive, the members that the drivers need become part of them, and
            members that are drivers are installed as well. A prototype is a C declaration, --call 'int add(int, int)' 2 3;
            the arguments of the call follow it. An argument for const char * is text, one for void * is a
            number or NULL.

              --object      links the files, which are no drivers, with each other, and calls what they define; of an
                            archive the members that the calls need, or all of them where nothing is called
              --library     loads a shared library that the drivers or objects use, libstdc++.so.6 for C++, once all files are
                            permitted; the library itself needs no signature
              --any-user    lets you install without being the superuser: the code runs with all your rights
              --require-signature PUBLIC.pem
                            installs only files that banos sign has signed for one of these public keys
              -v, --verbose shows the phases of each load: times, and what they worked on
            """;

    private record Call(Prototype prototype, List<String> arguments) {
        /** Something that calls the function of the prototype's name. */
        @FunctionalInterface
        interface Callee {
            String call(Call call) throws CommandEnd;
        }
    }

    private final PrintStream err;
    private final CConsole console;
    private InstallPolicy user = InstallPolicy.superuser();
    private final List<Path> keys = new ArrayList<>();
    private boolean objects;
    private boolean verbose;
    private final List<String> libraries = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();

    private InstallCommand(PrintStream out, PrintStream err) {
        this.err = err;
        this.console = new CConsole(out);
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        InstallCommand command = new InstallCommand(out, err);
        command.parse(new Options("banos install", USAGE, args, out, err,
                LongOption.of("any-user", Argument.NONE, 'u'), LongOption.of("call", Argument.REQUIRED, 'c'),
                LongOption.of("object", Argument.NONE, 'o'), LongOption.of("library", Argument.REQUIRED, 'l'),
                LongOption.of("require-signature", Argument.REQUIRED, 's'),
                LongOption.of("verbose", Argument.NONE, 'v')).alsoShort("v"));
        out.flush();
        try {
            if (command.objects) {
                command.linkObjects();
            } else {
                command.installDrivers();
            }
        } catch (LinkException | IllegalStateException failed) {
            throw CommandEnd.failure(failed);
        } finally {
            command.console.flushC();
        }
        return CommandEnd.SUCCESS;
    }

    private void parse(Options options) throws CommandEnd {
        for (int option, before = Options.END; (option = options.next()) != Options.END; before = option) {
            switch (option) {
                case 'u' -> user = InstallPolicy.anyUser();
                case 's' -> keys.add(Path.of(options.argument()));
                case 'c' -> calls.add(call(options.argument(), options));
                case 'o' -> objects = true;
                case 'l' -> libraries.add(options.argument());
                case 'v' -> verbose = true;
                default -> addFile(options.argument(), before == 'c');
            }
        }
        if (files.isEmpty()) {
            throw CommandEnd.wrongUsage(objects ? "an object is missing" : "a driver is missing");
        }
    }

    /** Behind a call, what is no file was meant as one more argument of it. */
    private void addFile(String text, boolean behindCall) throws CommandEnd {
        Path file = Path.of(text);
        if (behindCall && Files.notExists(file)) {
            Prototype prototype = calls.getLast().prototype();
            int count = prototype.parameterCount();
            throw CommandEnd.wrongUsage(text + ": no such file, and " + prototype.name() + " takes "
                    + (count == 0 ? "no argument" : count == 1 ? "1 argument" : count + " arguments"));
        }
        files.add(file);
    }

    private static Call call(String text, Options options) throws CommandEnd {
        Prototype prototype = prototype(text);
        List<String> arguments = options.takeRaw(prototype.parameterCount());
        if (arguments.size() < prototype.parameterCount()) {
            throw CommandEnd.wrongUsage("--call '" + text + "': arguments expected: " + prototype.parameterCount()
                    + ", given: " + arguments.size());
        }
        return new Call(prototype, arguments);
    }

    private static Prototype prototype(String text) throws CommandEnd {
        try {
            return Prototype.parse(text);
        } catch (IllegalArgumentException wrong) {
            throw CommandEnd.wrongUsage("--call: " + wrong.getMessage());
        }
    }

    private void installDrivers() throws CommandEnd {
        InstallProgress progress = InstallProgress.of(files, err);
        try (Loader loader = Loader.create(policy(), line -> print(line, progress))) {
            loader.withListener(step -> follow(step, progress, loader));
            List<Driver> drivers = install(loader, progress);
            console.flushC();
            if (verbose) {
                drivers.forEach(driver -> err.print(driver.report().toText()));
            }
            makeCalls(call -> call.prototype().call(find(call.prototype().name(), loader), call.arguments()));
        }
    }

    private List<Driver> install(Loader loader, InstallProgress progress) {
        try (progress) {
            return loader.install(files);
        }
    }

    /** A library's constructors run when it is loaded: not before the policy has permitted the last of the files. */
    private void follow(LoadStep step, InstallProgress progress, Loader loader) {
        progress.accept(step);
        if (InstallProgress.isLastOfFiles(step)) {
            libraries.forEach(loader::library);
        }
    }

    private void print(String line, InstallProgress progress) {
        progress.hide();
        console.println(line);
    }

    private void linkObjects() throws CommandEnd {
        ObjectLinker linker = ObjectLinker.create(policy());
        calls.forEach(call -> linker.require(call.prototype().name()));
        try (LinkedLibrary library = link(linker)) {
            if (verbose) {
                err.print(library.report().toText());
            }
            makeCalls(call -> call.prototype().call(library, call.arguments()));
        }
    }

    private LinkedLibrary link(ObjectLinker linker) {
        try (InstallProgress progress = InstallProgress.of(files, err)) {
            linker.withListener(progress);
            files.forEach(linker::add);
            libraries.forEach(linker::library); // now that the policy has permitted all files
            return linker.link();
        }
    }

    private InstallPolicy policy() {
        return keys.isEmpty() ? user
                : user.and(InstallPolicy.signedBy(keys.stream().map(DriverSignature::readPublicKey).toArray(PublicKey[]::new)));
    }

    private void makeCalls(Call.Callee callee) throws CommandEnd {
        for (Call call : calls) {
            try {
                String result = callee.call(call);
                if (call.prototype().descriptor().returnLayout().isPresent()) {
                    console.println(result);
                }
            } catch (IllegalArgumentException wrong) {
                throw CommandEnd.wrongUsage("--call " + call.prototype().name() + ": " + wrong.getMessage());
            } finally {
                console.flushC();
            }
        }
    }

    /** The youngest driver's, where several export the name. */
    private static Export find(String name, Loader loader) throws CommandEnd {
        for (Driver driver : loader.drivers().reversed()) {
            for (Export export : driver.exports()) {
                if (export.name().equals(name)) {
                    return export;
                }
            }
        }
        throw CommandEnd.failure("no driver exports " + name + "; exported are: "
                + loader.exports().stream().map(Export::name).collect(Collectors.joining(", ")));
    }
}
