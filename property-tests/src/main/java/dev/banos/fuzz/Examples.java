package dev.banos.fuzz;

import dev.banos.bindings.FileTrouble;
import dev.banos.fuzz.program.Operations;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Programs in files: an {@code mtrace} trace by its name's end in .gz, anything else as the text of a program. */
final class Examples {
    static final String NONE = "-";

    private Examples() {
    }

    /** @return null for {@link #NONE} */
    static @Nullable Operations read(String file) {
        return file.equals(NONE) ? null : read(Path.of(file));
    }

    /** @throws TraceException if the file cannot be read or is damaged: one line */
    static Operations read(Path file) {
        Program program = file.toString().endsWith(".gz") ? Program.of(Trace.read(file)) : parse(file);
        if (program.length() == 0) {
            throw new TraceException(file + ": it holds no operations");
        }
        return program.operations();
    }

    private static Program parse(Path file) {
        try {
            return Program.parse(Files.readString(file));
        } catch (NoSuchFileException absent) {
            throw new TraceException(file + ": no such file", absent);
        } catch (CharacterCodingException binary) {
            throw new TraceException(file + ": it is no text; a trace has a name that ends in .gz", binary);
        } catch (IOException failed) {
            throw new TraceException(file + ": cannot be read as a program (" + FileTrouble.cause(failed) + ")", failed);
        } catch (TraceException wrong) {
            throw new TraceException(file + ": " + wrong.getMessage(), wrong);
        }
    }
}
