package dev.banos.mem.insight;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * A profile in pprof's format: a Protocol Buffers message, compressed by gzip. Field numbers are those of profile.proto.
 *
 * <pre>
 *   Profile { sample_type*: 1  sample*: 2  location*: 4  function*: 5  string_table*: 6 }
 *   Sample { location_id*: 1, innermost first   value*: 2   label*: 3 { key: 1  str: 2 } }
 *   Location { id: 1  line: 4 { function_id: 1  line: 2 } }
 *   Function { id: 1  name: 2  filename: 4 }                      ValueType { type: 1  unit: 2 }
 * </pre>
 */
final class PprofProfile {
    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;

    private final Message profile = new Message();
    private final Map<String, Integer> strings = new LinkedHashMap<>();
    private final Map<StackTraceElement, Integer> locations = new HashMap<>();
    private final Map<String, Integer> functions = new HashMap<>();

    PprofProfile() {
        stringIndex("");
        profile.message(1, valueType("inuse_objects", "count"));
        profile.message(1, valueType("inuse_space", "bytes"));
    }

    void add(String heap, List<StackTraceElement> stack, long blocks, long bytes) {
        Message sample = new Message();
        for (StackTraceElement frame : stack) {
            sample.number(1, location(frame));
        }
        sample.number(2, blocks);
        sample.number(2, bytes);
        sample.message(3, label("heap", heap));
        profile.message(2, sample);
    }

    void writeTo(OutputStream out) throws IOException {
        Message whole = new Message();
        whole.append(profile);
        strings.keySet().forEach(string -> whole.bytes(6, string.getBytes(StandardCharsets.UTF_8)));
        GZIPOutputStream zipped = new GZIPOutputStream(out);
        zipped.write(whole.toBytes());
        zipped.finish();
    }

    private Message valueType(String type, String unit) {
        Message message = new Message();
        message.number(1, stringIndex(type));
        message.number(2, stringIndex(unit));
        return message;
    }

    private Message label(String key, String value) {
        Message message = new Message();
        message.number(1, stringIndex(key));
        message.number(2, stringIndex(value));
        return message;
    }

    private int location(StackTraceElement frame) {
        Integer known = locations.get(frame);
        if (known != null) {
            return known;
        }
        int id = locations.size() + 1;
        locations.put(frame, id);
        Message line = new Message();
        line.number(1, function(frame));
        line.number(2, Math.max(0, frame.getLineNumber()));
        Message location = new Message();
        location.number(1, id);
        location.message(4, line);
        profile.message(4, location);
        return id;
    }

    private int function(StackTraceElement frame) {
        String name = frame.getClassName() + "." + frame.getMethodName();
        Integer known = functions.get(name);
        if (known != null) {
            return known;
        }
        int id = functions.size() + 1;
        functions.put(name, id);
        Message function = new Message();
        function.number(1, id);
        function.number(2, stringIndex(name));
        function.number(4, stringIndex(frame.getFileName() == null ? "" : frame.getFileName()));
        profile.message(5, function);
        return id;
    }

    private int stringIndex(String string) {
        return strings.computeIfAbsent(string, absent -> strings.size());
    }

    /** A message being written: fields are appended in any order, numbers as varints. */
    private static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void number(int field, long value) {
            varint((long) field << 3 | VARINT);
            varint(value);
        }

        void message(int field, Message inner) {
            bytes(field, inner.toBytes());
        }

        void bytes(int field, byte[] content) {
            varint((long) field << 3 | LENGTH_DELIMITED);
            varint(content.length);
            bytes.writeBytes(content);
        }

        void append(Message other) {
            bytes.writeBytes(other.toBytes());
        }

        byte[] toBytes() {
            return bytes.toByteArray();
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                bytes.write((int) (rest & 0x7F | 0x80));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }
    }
}
