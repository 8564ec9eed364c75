package dev.banos.samples.install;

import dev.banos.libc.getopt.LongOption;
import dev.banos.libc.getopt.LongOption.Argument;
import dev.banos.loader.Driver;
import dev.banos.loader.Export;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.Loader;
import dev.banos.loader.Prototype;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** {@code banos install}: drivers into this process, calls of what they export, drivers out again in reverse order. */
public final class InstallCommand {
    private static final String USAGE = """
            usage: banos install [--any-user] FILE.o... [--call 'PROTOTYPE' [ARG...]]...

            Installs the drivers in the order given, makes the calls, prints what they return, and uninstalls the drivers
            in reverse order. A prototype is a C declaration, --call 'int add(int, int)' 2 3; as many arguments as it has
            belong to the call. An argument for const char * is text, one for void * is a number or NULL.

              --any-user    lets you install drivers without being the superuser: their code runs with all your rights
            """;

    private record Call(Prototype prototype, List<String> arguments) {
    }

    private InstallPolicy policy = InstallPolicy.superuser();
    private final List<Path> files = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();

    private InstallCommand() {
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        InstallCommand command = new InstallCommand();
        command.parse(new Options("banos install", USAGE, args, out, err,
                LongOption.of("any-user", Argument.NONE, 'u'), LongOption.of("call", Argument.REQUIRED, 'c')));
        out.flush();
        try {
            command.install(new CConsole(out));
        } catch (LinkException | IllegalStateException failed) {
            throw CommandEnd.failure(failed);
        }
        return CommandEnd.SUCCESS;
    }

    private void parse(Options options) throws CommandEnd {
        for (int option; (option = options.next()) != Options.END; ) {
            switch (option) {
                case 'u' -> policy = InstallPolicy.anyUser();
                case 'c' -> calls.add(call(options.argument(), options));
                default -> files.add(Path.of(options.argument()));
            }
        }
        if (files.isEmpty()) {
            throw CommandEnd.wrongUsage("a driver is missing");
        }
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

    private void install(CConsole console) throws CommandEnd {
        try (Loader loader = Loader.create(policy, console::println)) {
            for (Path file : files) {
                loader.install(file);
                console.flushC();
            }
            for (Call call : calls) {
                make(call, loader, console);
            }
        } finally {
            console.flushC();
        }
    }

    private static void make(Call call, Loader loader, CConsole console) throws CommandEnd {
        Export export = find(call.prototype().name(), loader);
        try {
            String result = call.prototype().call(export, call.arguments());
            if (call.prototype().descriptor().returnLayout().isPresent()) {
                console.println(result);
            }
        } catch (IllegalArgumentException wrong) {
            throw CommandEnd.wrongUsage("--call " + call.prototype().name() + ": " + wrong.getMessage());
        } finally {
            console.flushC();
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
