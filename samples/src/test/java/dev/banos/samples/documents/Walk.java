package dev.banos.samples.documents;

import dev.banos.samples.documents.Walkthrough.Run;
import dev.banos.samples.documents.Walkthrough.Save;
import dev.banos.samples.documents.Walkthrough.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Goes through a document in one shell, as its reader does in a terminal: a folder that was entered stays entered. */
final class Walk {
    private static final long MINUTES = 8;
    /** Maven resets the terminal's colours where there are none. */
    private static final Pattern COLOURS = Pattern.compile("\u001B\\[[;\\d]*m");

    private final Path folder;
    private final Path records;

    /** @param folder where the commands are run; @param records where their outputs are kept */
    Walk(Path folder, Path records) {
        this.folder = folder;
        this.records = records;
    }

    /** What went otherwise than the document says; empty where all is as it says. */
    String failure(Walkthrough document) throws IOException, InterruptedException {
        List<Step> steps = document.steps();
        int status = run(script(steps));
        for (int number = 0; number < steps.size(); number++) {
            Step step = steps.get(number);
            if (step instanceof Run run) {
                Path output = records.resolve(number + ".output");
                String printed = Files.exists(output) ? COLOURS.matcher(Files.readString(output)).replaceAll("") : "(nothing was run)";
                if (!Files.exists(records.resolve(number + ".done"))) {
                    return "line %d: exit status %d of\n%s\nwhich printed\n%s".formatted(run.line(), status, run.commands(), printed);
                }
                if (run.shown() != null && !Walkthrough.matches(run.shown(), printed)) {
                    return "line %d: the document shows\n%s\nand the commands printed\n%s".formatted(run.line(), run.shown(), printed);
                }
            }
        }
        return "";
    }

    private Path script(List<Step> steps) throws IOException {
        StringBuilder script = new StringBuilder("set -eu -o pipefail\n");
        for (int number = 0; number < steps.size(); number++) {
            switch (steps.get(number)) {
                case Save save -> {
                    Path copy = Files.writeString(records.resolve(number + ".file"), save.text());
                    script.append("mkdir -p \"$(dirname '%2$s')\"\ncp '%1$s' '%2$s'\n".formatted(copy, save.name()));
                }
                case Run run -> script.append("{\n%s} > '%2$s.output' 2>&1\n: > '%2$s.done'\n"
                        .formatted(run.commands(), records.resolve(String.valueOf(number))));
            }
        }
        return Files.writeString(records.resolve("script"), script);
    }

    private int run(Path script) throws IOException, InterruptedException {
        Path said = records.resolve("said");
        ProcessBuilder shell = new ProcessBuilder("bash", script.toString()).directory(folder.toFile())
                .redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true).redirectOutput(said.toFile());
        shell.environment().keySet().removeAll(List.of("JAVA_HOME", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        Process process = shell.start();
        if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new IllegalStateException("the commands did not end within " + MINUTES + " minutes; see " + script);
        }
        return process.exitValue();
    }
}
