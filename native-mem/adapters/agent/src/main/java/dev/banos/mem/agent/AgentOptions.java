package dev.banos.mem.agent;

import dev.banos.bindings.Setting;
import dev.banos.mem.Hardening;
import dev.banos.mem.insight.LeakTracking;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind {@code -javaagent:banos-agent.jar=}: {@code key=value,key=value}. A list in a value has {@code +} between
 * its words, because the comma is taken.
 */
final class AgentOptions {
    private static final String LEAKS_PROPERTY = "banos.mem.leaks";
    private static final String HARDENING_PROPERTY = "banos.mem.hardening";
    private static final String CACHE_PROPERTY = "banos.mem.mappingCacheBytes";
    /** Unsafe's own allocator keeps freed blocks, too: without a cache programs that count on it pay for fresh pages each time. */
    private static final long DEFAULT_CACHE_BYTES = 64 << 20;
    private static final long NOT_SET = -1;

    /** The words and what they do, in the order of the help. */
    private enum Key {
        STATS("stats[=FILE]", "writes counts at exit to standard error, or to FILE, where %p is the process id"),
        JFR("jfr", "puts heaps and footprint into flight recordings, and registers the bean dev.banos.mem:type=Allocator"),
        LEAKS("leaks=off|sampled|full", "reports at exit what is live, by the stack that allocated it"),
        HARDENING("hardening=WORD+WORD", "hardens the heap: zero canary quarantine[:BYTES] random guard sample[:N] stacks all"),
        LEAST("least=BYTES", "smaller requests stay with Unsafe; k, m and g stand for KiB, MiB and GiB"),
        MOST("most=BYTES", "larger requests stay with Unsafe"),
        CACHE("cache=BYTES", "keeps at most so many bytes of freed blocks of 64 KiB and more for the next ones; 64m unless set, 0 for none"),
        INCLUDE("include=PREFIX+PREFIX", "moves only calls in these packages and classes"),
        EXCLUDE("exclude=PREFIX+PREFIX", "moves no calls in these"),
        HELP("help", "prints this and ends");

        private final String usage;
        private final String meaning;

        Key(String usage, String meaning) {
            this.usage = usage;
            this.meaning = meaning;
        }

        private static Key of(String word) {
            return Arrays.stream(values()).filter(key -> key.name().toLowerCase(Locale.ROOT).equals(word)).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no option " + word + "; there are:\n" + help()));
        }
    }

    private boolean help;
    private boolean statistics;
    /** Empty for standard error. */
    private String statisticsFile = "";
    private boolean recorded;
    private @Nullable String leaks;
    private @Nullable String hardening;
    private long cacheBytes = NOT_SET;
    private long least = 1;
    private long most = Long.MAX_VALUE;
    private final List<String> included = new ArrayList<>();
    private final List<String> excluded = new ArrayList<>();

    private AgentOptions() {
    }

    /** @param text null for none */
    static AgentOptions parse(@Nullable String text) {
        AgentOptions options = new AgentOptions();
        for (String option : text == null ? new String[0] : text.split(",")) {
            if (!option.isBlank()) {
                options.set(option.strip());
            }
        }
        if (options.least > options.most) {
            throw new IllegalArgumentException("least=" + options.least + " is more than most=" + options.most);
        }
        if (options.cacheBytes > 0 && options.hardening != null) {
            throw new IllegalArgumentException("cache=" + options.cacheBytes + " and hardening: a hardened malloc keeps no mappings");
        }
        return options;
    }

    static String help() {
        return Arrays.stream(Key.values()).map(key -> String.format("  %-24s %s%n", key.usage, key.meaning))
                .collect(Collectors.joining("", "-javaagent:banos-agent.jar[=OPTION,OPTION...]" + System.lineSeparator(), ""));
    }

    private void set(String option) {
        int equals = option.indexOf('=');
        Key key = Key.of(equals < 0 ? option : option.substring(0, equals));
        String value = equals < 0 ? "" : option.substring(equals + 1);
        boolean wantsValue = key.usage.contains("=");
        if (wantsValue && !key.usage.contains("[=") && value.isEmpty() || !wantsValue && equals >= 0) {
            throw new IllegalArgumentException(option + ": it is " + key.usage);
        }
        set(key, value);
    }

    private void set(Key key, String value) {
        switch (key) {
            case STATS -> {
                statistics = true;
                statisticsFile = value;
            }
            case JFR -> recorded = true;
            case LEAKS -> leaks = leakLevel(value);
            case HARDENING -> hardening = Hardening.parse(value.replace('+', ',')).toString();
            case LEAST -> least = Math.max(1, bytes(key, value)); // none of 0 is ever served: Unsafe's answer to it is 0
            case MOST -> most = bytes(key, value);
            case CACHE -> cacheBytes = bytes(key, value);
            case INCLUDE -> included.addAll(prefixes(value));
            case EXCLUDE -> excluded.addAll(prefixes(value));
            case HELP -> help = true;
            default -> throw new AssertionError(key);
        }
    }

    private static String leakLevel(String word) {
        List<String> words = Arrays.stream(LeakTracking.Level.values()).map(each -> each.name().toLowerCase(Locale.ROOT)).toList();
        if (!words.contains(word)) {
            throw new IllegalArgumentException("leaks=" + word + ": it is one of " + String.join(", ", words));
        }
        return word;
    }

    private static long bytes(Key key, String value) {
        int digits = value.length();
        int shift = 0;
        int unit = "kmg".indexOf(Character.toLowerCase(value.charAt(digits - 1)));
        if (unit >= 0) {
            digits--;
            shift = 10 * (unit + 1);
        }
        try {
            long number = Long.parseLong(value.substring(0, digits));
            if (number >= 0 && number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        } catch (NumberFormatException notOne) {
            throw new IllegalArgumentException(notBytes(key, value), notOne);
        }
        throw new IllegalArgumentException(notBytes(key, value));
    }

    private static String notBytes(Key key, String value) {
        return key.name().toLowerCase(Locale.ROOT) + "=" + value + ": it is a number of bytes, or of k, m or g";
    }

    private static List<String> prefixes(String value) {
        return Arrays.stream(value.split("\\+")).map(String::strip).filter(word -> !word.isEmpty()).toList();
    }

    /** Tells the agent's own allocator, which reads its settings when it is first used. What no option says stays as it is. */
    void configureAllocator() {
        if (leaks != null) {
            Setting.set(LEAKS_PROPERTY, leaks, "leaks=" + leaks);
        }
        if (hardening != null) {
            Setting.set(HARDENING_PROPERTY, hardening, "hardening=" + hardening);
        }
        if (cacheBytes != NOT_SET) {
            setCache(cacheBytes);
        } else if (Setting.text(CACHE_PROPERTY) == null && Setting.text(HARDENING_PROPERTY) == null) {
            setCache(DEFAULT_CACHE_BYTES); // a hardened malloc keeps no mappings
        }
    }

    private static void setCache(long bytes) {
        Setting.set(CACHE_PROPERTY, Long.toString(bytes), "cache=" + bytes);
    }

    boolean isHelpWanted() {
        return help;
    }

    boolean wantsStatistics() {
        return statistics;
    }

    /** Empty for standard error. */
    String statisticsFile() {
        return statisticsFile.replace("%p", Long.toString(ProcessHandle.current().pid()));
    }

    boolean isRecorded() {
        return recorded;
    }

    Service service() {
        return new Service(least, most);
    }

    Selection selection() {
        return new Selection(included, excluded);
    }
}
