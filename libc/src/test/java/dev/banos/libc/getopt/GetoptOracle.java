package dev.banos.libc.getopt;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The C library's getopt in a process of its own: one request in, one trace out. */
final class GetoptOracle implements AutoCloseable {
    private static final String SOURCE = "getopt_oracle.c";

    private final Process process;
    private final Writer requests;
    private final BufferedReader traces;

    private GetoptOracle(Process process) {
        this.process = process;
        this.requests = process.outputWriter();
        this.traces = process.inputReader();
    }

    /** Null where there is no C compiler, or the C library is not glibc. */
    static GetoptOracle start(Path directory) throws IOException, InterruptedException {
        Path source = directory.resolve(SOURCE);
        try (InputStream text = GetoptOracle.class.getResourceAsStream(SOURCE)) {
            Files.copy(text, source);
        }
        Path program = directory.resolve("getopt_oracle");
        Process compiler;
        try {
            compiler = new ProcessBuilder("cc", "-O1", "-o", program.toString(), source.toString()).inheritIO().start();
        } catch (IOException noCompiler) {
            return null;
        }
        if (!compiler.waitFor(1, TimeUnit.MINUTES) || compiler.exitValue() != 0) {
            throw new IOException("cc did not build " + source);
        }
        ProcessBuilder builder = new ProcessBuilder(program.toString());
        builder.environment().put("LC_ALL", "C");
        GetoptOracle oracle = new GetoptOracle(builder.start());
        if ("glibc".equals(oracle.traces.readLine())) {
            return oracle;
        }
        oracle.close();
        return null;
    }

    List<String> trace(CommandLine commandLine) throws IOException {
        requests.write(commandLine.request());
        requests.flush();
        List<String> trace = new ArrayList<>();
        for (String line; (line = traces.readLine()) != null; ) {
            if (line.equals("end")) {
                return trace;
            }
            trace.add(line);
        }
        throw new IOException("the oracle ended after " + trace);
    }

    @Override
    public void close() throws IOException {
        requests.close();
        process.destroy();
    }
}
