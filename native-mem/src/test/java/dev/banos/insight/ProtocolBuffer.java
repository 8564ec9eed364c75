package dev.banos.insight;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A Protocol Buffers message, read by its wire format alone: a second opinion on what was written. */
final class ProtocolBuffer {
    private record Field(int number, long value, byte[] bytes) {
    }

    private final List<Field> fields = new ArrayList<>();

    static ProtocolBuffer parse(byte[] message) {
        ProtocolBuffer parsed = new ProtocolBuffer();
        ByteBuffer in = ByteBuffer.wrap(message);
        while (in.hasRemaining()) {
            long tag = varint(in);
            parsed.fields.add(field((int) (tag >>> 3), (int) (tag & 7), in));
        }
        return parsed;
    }

    private static Field field(int number, int wireType, ByteBuffer in) {
        if (wireType == 0) {
            return new Field(number, varint(in), null);
        }
        if (wireType != 2) {
            throw new AssertionError("wire type " + wireType);
        }
        byte[] bytes = new byte[(int) varint(in)];
        in.get(bytes);
        return new Field(number, 0, bytes);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0;; shift += 7) {
            byte next = in.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    List<byte[]> all(int number) {
        return fields.stream().filter(field -> field.number == number).map(Field::bytes).toList();
    }

    List<ProtocolBuffer> messages(int number) {
        return all(number).stream().map(ProtocolBuffer::parse).toList();
    }

    List<Long> numbers(int number) {
        return fields.stream().filter(field -> field.number == number).map(Field::value).toList();
    }

    long number(int number) {
        return numbers(number).getFirst();
    }
}
