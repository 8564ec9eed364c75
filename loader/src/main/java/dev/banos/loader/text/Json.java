package dev.banos.loader.text;

import org.jspecify.annotations.Nullable;

/** Writes JSON (RFC 8259) into a string: names and values in the order in which they are given. */
public final class Json {
    private final StringBuilder text = new StringBuilder();
    private boolean needsComma;

    public Json beginObject() {
        return open('{');
    }

    public Json endObject() {
        return close('}');
    }

    public Json beginArray() {
        return open('[');
    }

    public Json endArray() {
        return close(']');
    }

    public Json name(String name) {
        value(name);
        text.append(':');
        needsComma = false;
        return this;
    }

    public Json field(String name, @Nullable String value) {
        return name(name).value(value);
    }

    public Json field(String name, long value) {
        return name(name).raw(Long.toString(value));
    }

    /** A number that uses all 64 bits. */
    public Json unsigned(String name, long value) {
        return name(name).raw(Long.toUnsignedString(value));
    }

    public Json field(String name, boolean value) {
        return name(name).raw(Boolean.toString(value));
    }

    /** @param value null becomes {@code null} */
    public Json value(@Nullable String value) {
        if (value == null) {
            return raw("null");
        }
        separate();
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            character(value.charAt(i));
        }
        text.append('"');
        return this;
    }

    private void character(char character) {
        if (character == '"' || character == '\\') {
            text.append('\\').append(character);
        } else if (!Printable.isPlain(character)) { // with both halves of what is no char
            text.append(String.format("\\u%04x", (int) character));
        } else {
            text.append(character);
        }
    }

    private Json raw(String value) {
        separate();
        text.append(value);
        return this;
    }

    private Json open(char bracket) {
        separate();
        text.append(bracket);
        needsComma = false;
        return this;
    }

    private Json close(char bracket) {
        text.append(bracket);
        needsComma = true;
        return this;
    }

    private void separate() {
        if (needsComma) {
            text.append(',');
        }
        needsComma = true;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
