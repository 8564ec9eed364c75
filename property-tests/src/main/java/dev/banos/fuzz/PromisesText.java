package dev.banos.fuzz;

/** Promises as one line of numbers, from the child that has the target to the parent that has not. */
final class PromisesText {
    private static final int FIELDS = 12;

    private PromisesText() {
    }

    static String print(Promises p) {
        return String.join(" ", Long.toString(p.alignment()), Long.toString(p.tinyAlignment()),
                Long.toString(p.largestAlignment()), Boolean.toString(p.usableSize()), Boolean.toString(p.errno()),
                Boolean.toString(p.checksFrees()), Long.toString(p.unmapsFrom()), Boolean.toString(p.returnsFootprint()),
                Boolean.toString(p.threads()), Boolean.toString(p.mayRefuse()), Boolean.toString(p.checksAlignments()),
                Boolean.toString(p.returnsAtClose()));
    }

    static Promises parse(String line) {
        String[] words = line.split(" ");
        if (words.length != FIELDS) {
            throw new IllegalArgumentException("promises=" + line);
        }
        return new Promises(Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]),
                Boolean.parseBoolean(words[3]), Boolean.parseBoolean(words[4]), Boolean.parseBoolean(words[5]),
                Long.parseLong(words[6]), Boolean.parseBoolean(words[7]), Boolean.parseBoolean(words[8]),
                Boolean.parseBoolean(words[9]), Boolean.parseBoolean(words[10]), Boolean.parseBoolean(words[11]));
    }
}
