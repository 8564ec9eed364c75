package dev.banos.mem.agent;

import java.nio.charset.StandardCharsets;

/**
 * A look at a class file's names without making objects of them: almost every class that is loaded never calls Unsafe, and is
 * to pay next to nothing for the agent (JVMS 4.4).
 */
final class ConstantPoolScan {
    private static final int COUNT_AT = 8;
    private static final int FIRST_ENTRY_AT = 10;
    private static final byte[] WANTED = UnsafeMethod.OWNER.getBytes(StandardCharsets.US_ASCII);

    private ConstantPoolScan() {
    }

    /** Whether the class has the name of Unsafe as a constant; true also of what cannot be read, for the parser to refuse. */
    static boolean mentionsUnsafe(byte[] classFile) {
        if (classFile.length < FIRST_ENTRY_AT) {
            return true;
        }
        int count = unsigned(classFile, COUNT_AT);
        int at = FIRST_ENTRY_AT;
        for (int entry = 1; entry < count && at + 3 <= classFile.length; entry++) {
            int tag = classFile[at];
            if (tag == 1) {
                int length = unsigned(classFile, at + 1);
                if (isWanted(classFile, at + 3, length)) {
                    return true;
                }
                at += 3 + length;
                continue;
            }
            int length = length(tag);
            if (length == 0) {
                return true;
            }
            at += length;
            entry += tag == 5 || tag == 6 ? 1 : 0; // a long or a double takes two indexes
        }
        return at > classFile.length;
    }

    private static boolean isWanted(byte[] classFile, int at, int length) {
        if (length != WANTED.length || at + length > classFile.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (classFile[at + i] != WANTED[i]) {
                return false;
            }
        }
        return true;
    }

    /** With the tag; 0 for a tag that is none. */
    private static int length(int tag) {
        return switch (tag) {
            case 7, 8, 16, 19, 20 -> 3; // Class, String, MethodType, Module, Package
            case 15 -> 4; // MethodHandle
            case 3, 4, 9, 10, 11, 12, 17, 18 -> 5; // Integer, Float, references, NameAndType, Dynamic, InvokeDynamic
            case 5, 6 -> 9; // Long, Double
            default -> 0;
        };
    }

    private static int unsigned(byte[] classFile, int at) {
        return (classFile[at] & 0xFF) << 8 | classFile[at + 1] & 0xFF;
    }
}
