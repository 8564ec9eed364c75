package dev.banos.loader.link;

/**
 * A copy of {@code stdin}, {@code stdout} or {@code stderr} in a module that lies low. Position-dependent code reads variables
 * in place, and libc's are out of its reach; a linker of programs therefore moves such variables into the program. A library
 * that runs already cannot be told of a move. But these three pointers glibc itself never changes, so a copy made at load time
 * stays right, where that of any other variable might not.
 *
 * @param offset where in the module the copy is
 * @param source the address of the variable in libc
 */
record StreamCopy(int offset, long source) {
    static final int BYTES = Long.BYTES;

    static boolean isStream(String name) {
        return switch (name) {
            case "stdin", "stdout", "stderr" -> true;
            default -> false;
        };
    }
}
