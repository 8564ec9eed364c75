package dev.banos.loader.types;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.banos.bindings.Native;
import dev.banos.loader.call.CallFrame;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/** A C type of a prototype on a 64-bit Linux: how it travels, how a person's text becomes a value of it, and how it prints. */
public enum CType {
    VOID(MemoryLayout.structLayout()), BOOL(JAVA_BOOLEAN), CHAR(JAVA_BYTE),
    INT8(JAVA_BYTE), INT16(JAVA_SHORT), INT32(JAVA_INT), INT64(JAVA_LONG),
    UINT8(JAVA_BYTE), UINT16(JAVA_SHORT), UINT32(JAVA_INT), UINT64(JAVA_LONG),
    FLOAT(JAVA_FLOAT), DOUBLE(JAVA_DOUBLE), STRING(ADDRESS), POINTER(ADDRESS);

    private static final int HEX = 16;
    private static final int OCTAL = 8;

    private final MemoryLayout layout;

    CType(MemoryLayout layout) {
        this.layout = layout;
    }

    /** Of void an empty one. */
    public MemoryLayout layout() {
        return layout;
    }

    /** As type information has it; a string's pointee is added where it is used. */
    public Type type() {
        return switch (this) {
            case VOID -> new Type.Void();
            case BOOL -> new Type.Bool(Byte.BYTES);
            case CHAR -> new Type.Char(true);
            case FLOAT -> new Type.Real("float", Float.BYTES);
            case DOUBLE -> new Type.Real("double", Double.BYTES);
            case STRING -> new Type.Pointer(TypeTable.CONST_CHAR);
            case POINTER -> new Type.Pointer(TypeTable.VOID);
            case INT8 -> new Type.Integer("signed char", Byte.BYTES, true);
            case INT16 -> new Type.Integer("short", Short.BYTES, true);
            case INT32 -> new Type.Integer("int", Integer.BYTES, true);
            case INT64 -> new Type.Integer("long", Long.BYTES, true);
            case UINT8 -> new Type.Integer("unsigned char", Byte.BYTES, false);
            case UINT16 -> new Type.Integer("unsigned short", Short.BYTES, false);
            case UINT32 -> new Type.Integer("unsigned int", Integer.BYTES, false);
            case UINT64 -> new Type.Integer("unsigned long", Long.BYTES, false);
        };
    }

    /** Whether C lets it stand for three dots, as what smaller numbers become there (C 6.5.2.2). */
    public boolean isPromoted() {
        return switch (this) {
            case INT32, INT64, UINT32, UINT64, DOUBLE, STRING, POINTER -> true;
            default -> false;
        };
    }

    /**
     * @param scope where a string's bytes go
     * @throws IllegalArgumentException if the text is no value of this type
     */
    public Object parse(String text, Arena scope) {
        try {
            return switch (this) {
                case VOID -> throw new NumberFormatException();
                case BOOL -> bool(text);
                case CHAR -> text.length() == 1 && !Character.isDigit(text.charAt(0))
                        ? (Object) (byte) ascii(text.charAt(0)) : (Object) (byte) integer(text, Byte.SIZE, true);
                case INT8 -> (byte) integer(text, Byte.SIZE, true);
                case INT16 -> (short) integer(text, Short.SIZE, true);
                case INT32 -> (int) integer(text, Integer.SIZE, true);
                case INT64 -> integer(text, Long.SIZE, true);
                case UINT8 -> (byte) integer(text, Byte.SIZE, false);
                case UINT16 -> (short) integer(text, Short.SIZE, false);
                case UINT32 -> (int) integer(text, Integer.SIZE, false);
                case UINT64 -> integer(text, Long.SIZE, false);
                case FLOAT -> Float.parseFloat(real(text));
                case DOUBLE -> Double.parseDouble(real(text));
                case STRING -> {
                    CallFrame.requireNoNul(text);
                    yield scope.allocateFrom(text, StandardCharsets.UTF_8);
                }
                case POINTER -> MemorySegment.ofAddress(text.equals("NULL") ? 0 : integer(text, Long.SIZE, false));
            };
        } catch (NumberFormatException wrong) {
            throw new IllegalArgumentException("argument=" + text + " is no " + describe(), wrong);
        }
    }

    private static boolean bool(String text) {
        return switch (text) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw new NumberFormatException();
        };
    }

    private static int ascii(char character) {
        if (character > Byte.MAX_VALUE) {
            throw new NumberFormatException();
        }
        return character;
    }

    /** As C writes integers: decimal, 0x hexadecimal or 0 octal, with a sign. */
    private static long integer(String text, int bits, boolean signed) {
        boolean negative = text.startsWith("-");
        String digits = negative || text.startsWith("+") ? text.substring(1) : text;
        BigInteger magnitude;
        if (digits.startsWith("0x") || digits.startsWith("0X")) {
            magnitude = natural(digits.substring(2), HEX);
        } else if (digits.length() > 1 && digits.startsWith("0")) {
            magnitude = natural(digits.substring(1), OCTAL);
        } else {
            magnitude = natural(digits, 10);
        }
        BigInteger value = negative ? magnitude.negate() : magnitude;
        boolean fits = signed ? value.bitLength() < bits : value.signum() >= 0 && value.bitLength() <= bits;
        if (!fits) {
            throw new NumberFormatException();
        }
        return value.longValue();
    }

    /** C's words for what is no number, in Java's; and not the suffixes and blanks that Java's parser lets pass. */
    private static String real(String text) {
        return switch (text) {
            case "inf", "+inf" -> "Infinity";
            case "-inf" -> "-Infinity";
            case "nan" -> "NaN";
            default -> {
                if (text.isEmpty() || text.endsWith("d") || text.endsWith("D") || text.endsWith("f") || text.endsWith("F")
                        || !text.equals(text.strip())) {
                    throw new NumberFormatException();
                }
                yield text;
            }
        };
    }

    private static BigInteger natural(String digits, int radix) {
        if (digits.isEmpty() || digits.charAt(0) == '-' || digits.charAt(0) == '+') {
            throw new NumberFormatException();
        }
        return new BigInteger(digits, radix);
    }

    public String print(Object value) {
        return switch (this) {
            case VOID -> "";
            case CHAR -> printable((byte) value);
            case UINT8 -> Integer.toString(Byte.toUnsignedInt((byte) value));
            case UINT16 -> Integer.toString(Short.toUnsignedInt((short) value));
            case UINT32 -> Integer.toUnsignedString((int) value);
            case UINT64 -> Long.toUnsignedString((long) value);
            case STRING -> string((MemorySegment) value);
            case POINTER -> "0x" + Long.toHexString(((MemorySegment) value).address());
            default -> value.toString();
        };
    }

    private static String printable(byte character) {
        return character >= ' ' && character <= '~' ? Character.toString(character) : Byte.toString(character);
    }

    private static String string(MemorySegment pointer) {
        return pointer.address() == 0 ? "NULL" : Native.EVERYTHING.getString(pointer.address(), StandardCharsets.UTF_8);
    }

    String describe() {
        return switch (this) {
            case BOOL -> "bool (true, false, 1, 0)";
            case CHAR -> "char (one ASCII character or a number from -128 to 127)";
            case INT8, INT16, INT32, INT64 -> "signed integer of " + layout.byteSize() * Byte.SIZE + " bits";
            case UINT8, UINT16, UINT32, UINT64 -> "unsigned integer of " + layout.byteSize() * Byte.SIZE + " bits";
            case POINTER -> "pointer (a number or NULL)";
            default -> name().toLowerCase(java.util.Locale.ROOT);
        };
    }
}
