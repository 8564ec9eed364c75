package dev.banos.libc.getopt;

import java.util.List;

/**
 * One case for the parser, as it is given to the C library and to ours.
 *
 * @param mode       0 getopt, 1 getopt_long, 2 getopt_long_only
 * @param resetAfter after this many calls (1 or more) optind is set to {@code resetTo}; -1 for never
 */
record CommandLine(int mode, boolean posixlyCorrect, boolean opterr, int resetAfter, int resetTo, String optstring,
                   List<Option> options, List<String> argv) {

    static final int FLAGS = 4;
    static final int MOST_CALLS = 200;

    /** @param flag which of the {@link #FLAGS} cells, -1 for none */
    record Option(String name, int hasArg, int flag, int value) {
    }

    String request() {
        StringBuilder lines = new StringBuilder();
        lines.append(mode).append('\n').append(posixlyCorrect ? 1 : 0).append('\n').append(opterr ? 1 : 0).append('\n');
        lines.append("0\n").append(resetAfter).append('\n').append(resetTo).append('\n').append(optstring).append('\n');
        lines.append(options.size()).append('\n');
        for (Option option : options) {
            lines.append(option.hasArg).append(' ').append(option.flag).append(' ').append(option.value).append('\n');
            lines.append(option.name).append('\n');
        }
        lines.append(argv.size()).append('\n');
        argv.forEach(argument -> lines.append(argument).append('\n'));
        return lines.toString();
    }
}
