package dev.banos.samples.command;

import java.io.PrintStream;

/** One word of the command. */
@FunctionalInterface
public interface Command {
    /**
     * @param args what stands behind the word
     * @return the exit status
     * @throws CommandEnd with the status and one line for standard error
     */
    int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd;
}
