package dev.banos.fuzz.program;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Programs as text, one operation a line; {@code #} begins a comment.
 * <pre>
 *  b0 = malloc(24)                 free(b0)
 *  b1 = calloc(4, 100)             free_twice(b1)
 *  b1 = realloc(b1, 8000)          free(b1 + 16)
 *  b2 = aligned_alloc(4096, 10)    free(foreign 3)
 *  check(b1)                       thread 2: free(b1)
 *  misaligned(24)                  thread 2: exit
 *                                  close
 * </pre>
 */
public final class ProgramText {
    private static final Pattern LINE = Pattern.compile("(?:thread (?<thread>\\d+): *)?(?:"
            + "b(?<block>\\d+) = (?<function>malloc|calloc|realloc|aligned_alloc)\\((?<arguments>[^)]*)\\)"
            + "|(?<verb>check|free_twice|free)\\(b(?<subject>\\d+)(?<offset> \\+ (?<bytes>\\d+))?\\)"
            + "|free\\(foreign (?<foreign>\\d+)\\)"
            + "|misaligned\\((?<alignment>\\d+)\\)"
            + "|(?<close>close)"
            + "|(?<exit>exit))");
    private static final Pattern COMMA = Pattern.compile(" *, *");
    private static final int LARGEST_SLOT = 1 << 20;

    private ProgramText() {
    }

    static String print(Operations program) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < program.length(); i++) {
            text.append(line(program, i)).append('\n');
        }
        return text.toString();
    }

    public static String line(Operations program, int index) {
        String thread = program.thread(index) == 0 ? "" : "thread " + program.thread(index) + ": ";
        String block = "b" + program.slot(index);
        String size = Long.toUnsignedString(program.size(index));
        return thread + switch (program.kind(index)) {
            case Operations.MALLOC -> block + " = malloc(" + size + ")";
            case Operations.CALLOC -> block + " = calloc(" + count(program, index) + ", " + size + ")";
            case Operations.REALLOC -> block + " = realloc(" + block + ", " + size + ")";
            case Operations.ALIGNED -> block + " = aligned_alloc(" + count(program, index) + ", " + size + ")";
            case Operations.FREE -> "free(" + block + ")";
            case Operations.CHECK -> "check(" + block + ")";
            case Operations.FREE_TWICE -> "free_twice(" + block + ")";
            case Operations.FREE_INSIDE -> "free(" + block + " + " + size + ")";
            case Operations.FREE_FOREIGN -> "free(foreign " + size + ")";
            case Operations.MISALIGNED -> "misaligned(" + size + ")";
            case Operations.CLOSE -> "close";
            case Operations.EXIT -> "exit";
            default -> throw new IllegalStateException("kind=" + program.kind(index));
        };
    }

    /** The count or the alignment, of which the largest is 2^63. */
    private static String count(Operations program, int index) {
        return Long.toUnsignedString(1L << program.log2(index));
    }

    public static Operations parse(String text) {
        Operations program = new Operations(16);
        int number = 0;
        for (String raw : text.split("\n", -1)) {
            number++;
            String line = withoutComment(raw).strip();
            if (!line.isEmpty()) {
                try {
                    parseLine(program, line);
                } catch (IllegalArgumentException wrong) {
                    String reason = line.equals(wrong.getMessage()) ? "" : " (" + wrong.getMessage() + ")";
                    throw new IllegalArgumentException("line " + number + ": no operation: " + line + reason, wrong);
                }
            }
        }
        return program;
    }

    /** Whatever letters are in it. */
    private static String withoutComment(String line) {
        int at = line.indexOf('#');
        return at < 0 ? line : line.substring(0, at);
    }

    private static void parseLine(Operations program, String line) {
        Matcher parts = LINE.matcher(line);
        if (!parts.matches()) {
            throw new IllegalArgumentException(line);
        }
        int thread = parts.group("thread") == null ? 0 : bounded(parts.group("thread"), Operations.LARGEST_THREADS);
        if (parts.group("function") != null) {
            parseCall(program, thread, bounded(parts.group("block"), LARGEST_SLOT), parts);
        } else if (parts.group("verb") != null) {
            parseUse(program, thread, bounded(parts.group("subject"), LARGEST_SLOT), parts);
        } else if (parts.group("foreign") != null) {
            program.add(Operations.FREE_FOREIGN, 0, thread, 0, Long.parseUnsignedLong(parts.group("foreign")));
        } else if (parts.group("alignment") != null) {
            program.add(Operations.MISALIGNED, 0, thread, 0, noPowerOfTwo(parts.group("alignment")));
        } else {
            program.add(parts.group("close") != null ? Operations.CLOSE : Operations.EXIT, 0, thread, 0, 0);
        }
    }

    private static void parseCall(Operations program, int thread, int slot, Matcher parts) {
        String[] arguments = COMMA.split(parts.group("arguments").strip());
        boolean isAlone = parts.group("function").equals("malloc");
        if (arguments.length != (isAlone ? 1 : 2)) {
            throw new IllegalArgumentException("it takes " + (isAlone ? "one argument" : "two arguments"));
        }
        long last = Long.parseUnsignedLong(arguments[arguments.length - 1]);
        switch (parts.group("function")) {
            case "malloc" -> program.add(Operations.MALLOC, 0, thread, slot, last);
            case "calloc" -> program.add(Operations.CALLOC, log2(arguments[0]), thread, slot, last);
            case "realloc" -> program.add(Operations.REALLOC, 0, thread, same(slot, arguments[0]), last);
            default -> program.add(Operations.ALIGNED, log2(arguments[0]), thread, slot, last);
        }
    }

    private static int same(int slot, String block) {
        if (!block.equals("b" + slot)) {
            throw new IllegalArgumentException("a realloc of a block has its name: b" + slot);
        }
        return slot;
    }

    private static void parseUse(Operations program, int thread, int slot, Matcher parts) {
        String verb = parts.group("verb");
        if (parts.group("offset") == null) {
            program.add(verb.equals("check") ? Operations.CHECK : verb.equals("free") ? Operations.FREE : Operations.FREE_TWICE, 0, thread, slot, 0);
        } else if (verb.equals("free")) {
            program.add(Operations.FREE_INSIDE, 0, thread, slot, Long.parseUnsignedLong(parts.group("bytes")));
        } else {
            throw new IllegalArgumentException(verb + " takes a whole block, only free an offset into one");
        }
    }

    private static int log2(String number) {
        long value = Long.parseUnsignedLong(number);
        if (Long.bitCount(value) != 1) {
            throw new IllegalArgumentException(number + " is not a power of two");
        }
        return Long.numberOfTrailingZeros(value);
    }

    private static long noPowerOfTwo(String number) {
        long value = Long.parseUnsignedLong(number);
        if (Long.bitCount(value) == 1) {
            throw new IllegalArgumentException(number + " is a power of two");
        }
        if (value == 0) {
            throw new IllegalArgumentException("an allocator need not know the alignment 0");
        }
        return value;
    }

    private static int bounded(String number, int bound) {
        int value = Integer.parseInt(number);
        if (value >= bound) {
            throw new IllegalArgumentException(number + " is not below " + bound);
        }
        return value;
    }
}
