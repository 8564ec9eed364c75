package dev.banos.bindings;

import dev.banos.bindings.generated.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The program that {@link NativeAccessTest} starts: enters the bindings at the door named and prints what comes of it. */
final class NativeAccessChild {
    private NativeAccessChild() {
    }

    public static void main(String[] arguments) {
        try {
            System.out.println(enter(arguments[0]));
        } catch (LinkageError refused) {
            System.out.println(refused);
        }
    }

    private static String enter(String door) {
        return switch (door) {
            case "pid" -> SystemCalls.getpid() > 0 ? "ran" : "no pid";
            case "errno" -> "errno " + SystemCalls.STATE;
            case "everything" -> Native.EVERYTHING.toString();
            case "dlerror" -> SystemCalls.dlerror();
            case "mmap" -> afterMmap();
            case "dlopen" -> afterDlopen();
            case "dlsym" -> afterDlsym();
            default -> throw new IllegalArgumentException("door=" + door);
        };
    }

    private static String afterMmap() {
        MemorySegment state = Arena.global().allocate(SystemCalls.STATE);
        return "mmap " + SystemCalls.mmap(state, 0, 4096, Linux.PROT_NONE(), Linux.MAP_PRIVATE(), -1, 0);
    }

    private static String afterDlopen() {
        int now = SystemCalls.getpid() > 0 ? Linux.RTLD_NOW() : 0; // the constants themselves are no door
        SystemCalls.dlopen(Arena.global().allocateFrom("libmissing.so"), now);
        return SystemCalls.dlerror();
    }

    private static String afterDlsym() {
        MemorySegment process = SystemCalls.dlopen(MemorySegment.NULL, Linux.RTLD_NOW());
        SystemCalls.dlsym(process, Arena.global().allocateFrom("no_such_symbol"));
        return SystemCalls.dlerror();
    }
}
