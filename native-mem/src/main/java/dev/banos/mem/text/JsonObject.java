package dev.banos.mem.text;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One JSON object (RFC 8259) without line ends, whose members stand in the order in which they are put. */
public final class JsonObject {
    private final StringBuilder text;

    public JsonObject() {
        this("{}");
    }

    /** @param object JSON already, whose members come first */
    public JsonObject(String object) {
        text = new StringBuilder(object);
        text.setLength(object.length() - 1); // without the bracket that ends it
    }

    public JsonObject put(String name, long number) {
        name(name).append(number);
        return this;
    }

    public JsonObject put(String name, String value) {
        name(name).append('"').append(escaped(value)).append('"');
        return this;
    }

    /** @param object JSON already */
    public JsonObject putObject(String name, String object) {
        name(name).append(object);
        return this;
    }

    /** @param objects each of them JSON already */
    public JsonObject put(String name, Stream<?> objects) {
        name(name).append(objects.map(Object::toString).collect(Collectors.joining(",", "[", "]")));
        return this;
    }

    private StringBuilder name(String name) {
        return text.append(text.length() == 1 ? "" : ",").append('"').append(name).append("\":");
    }

    /** As a JSON string has it (RFC 8259, section 7). */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (c < ' ' || Character.isSurrogate(c)) { // a lone surrogate has no UTF-8
                escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                escaped.append(c == '"' || c == '\\' ? "\\" : "").append(c);
            }
        }
        return escaped.toString();
    }

    @Override
    public String toString() {
        return text + "}";
    }
}
