package dev.banos.libc.zip;

import java.io.ByteArrayOutputStream;
import java.util.zip.CRC32;

/** A gzip member, written by hand so that each field can be there, or be wrong. */
final class GzipMember {
    static final int TEXT = 1;
    static final int HEADER_CHECK = 2;
    static final int EXTRA = 4;
    static final int NAME = 8;
    static final int COMMENT = 16;

    private final ByteArrayOutputStream header = new ByteArrayOutputStream();
    private final byte[] data;
    int method = 8;
    int flags;
    byte[] extra = new byte[0];
    byte[] name = new byte[0];
    byte[] comment = new byte[0];
    int headerCheckError;
    int dataCheckError;
    int lengthError;

    private GzipMember(byte[] data) {
        this.data = data;
    }

    static GzipMember of(byte[] data) {
        return new GzipMember(data);
    }

    byte[] toBytes() {
        header.reset();
        number(0x8B1F, 2);
        number(method, 1);
        number(flags, 1);
        number(0xF1020304L, 4);
        number(2, 1);
        number(3, 1);
        if ((flags & EXTRA) != 0) {
            number(extra.length, 2);
            header.writeBytes(extra);
        }
        text(NAME, name);
        text(COMMENT, comment);
        if ((flags & HEADER_CHECK) != 0) {
            number(crc(header.toByteArray()) + headerCheckError, 2);
        }
        header.writeBytes(Deflated.stream(data, 9, 0, true));
        number(crc(data) + dataCheckError, 4);
        number(data.length + lengthError, 4);
        return header.toByteArray();
    }

    private void text(int flag, byte[] text) {
        if ((flags & flag) != 0) {
            header.writeBytes(text);
            header.write(0);
        }
    }

    private void number(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            header.write((int) (value >>> i * Byte.SIZE));
        }
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
