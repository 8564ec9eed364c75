package dev.banos.libc.oracle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The C library in a process of its own, driven by a small C program: one request in, one trace out. */
public final class COracle implements AutoCloseable {
    private final Process process;
    private final Writer requests;
    private final BufferedReader traces;

    private COracle(Process process) {
        this.process = process;
        this.requests = process.outputWriter();
        this.traces = process.inputReader();
    }

    /**
     * Null where there is no C compiler, or the program does not greet with "glibc".
     *
     * @param beside the class beside which the source lies
     * @param directory where source and program go
     */
    public static COracle start(Class<?> beside, String source, Path directory) throws IOException, InterruptedException {
        Path copy = directory.resolve(source);
        try (InputStream text = beside.getResourceAsStream(source)) {
            Files.copy(text, copy);
        }
        Path program = directory.resolve("oracle");
        Process compiler;
        try {
            compiler = new ProcessBuilder("cc", "-O1", "-pthread", "-o", program.toString(), copy.toString()).inheritIO().start();
        } catch (IOException noCompiler) {
            return null;
        }
        if (!compiler.waitFor(1, TimeUnit.MINUTES) || compiler.exitValue() != 0) {
            throw new IOException("cc did not build " + copy);
        }
        ProcessBuilder builder = new ProcessBuilder(program.toString());
        builder.environment().put("LC_ALL", "C");
        COracle oracle = new COracle(builder.start());
        if ("glibc".equals(oracle.traces.readLine())) {
            return oracle;
        }
        oracle.close();
        return null;
    }

    /** @return the lines up to "end", without it */
    public List<String> trace(String request) throws IOException {
        requests.write(request);
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
