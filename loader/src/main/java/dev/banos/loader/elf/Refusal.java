package dev.banos.loader.elf;

import dev.banos.loader.text.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Why an object is not read, linked or started. It is the one exception of the internal packages; the public edge turns it
 * into {@code LinkException}.
 */
public final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EIO = 5;
    public static final int ENOEXEC = 8;
    public static final int ENOMEM = 12;
    public static final int EBUSY = 16;
    public static final int EINVAL = 22;
    public static final int ERANGE = 34;
    public static final int ENOSYS = 38;
    public static final int ELOOP = 40;
    public static final int EOPNOTSUPP = 95;

    private final int errno;
    private final String file;
    private final @Nullable String section;
    private final long index;
    private final String why;
    private final @Nullable String remedy;

    /**
     * @param section null where the whole file is meant
     * @param index   the entry of the section, negative where none is meant
     * @param remedy  null where there is none
     */
    public Refusal(int errno, String file, @Nullable String section, long index, String why, @Nullable String remedy) {
        super(null, null, true, true);
        this.errno = errno;
        this.file = file;
        this.section = section;
        this.index = index;
        this.why = why;
        this.remedy = remedy;
    }

    /** The file breaks its own format. */
    public static Refusal malformed(String file, @Nullable String section, long index, String why) {
        return new Refusal(ENOEXEC, file, section, index, why, null);
    }

    /** The file is in order, but it asks for something that is not offered. */
    public static Refusal unsupported(String file, @Nullable String section, long index, String why, @Nullable String remedy) {
        return new Refusal(EOPNOTSUPP, file, section, index, why, remedy);
    }

    /** An object of {@code -flto}: what it holds is for the compiler. */
    public static Refusal linkTimeCode(String file) {
        return unsupported(file, null, -1, "the object holds the compiler's own code for link-time optimisation, no machine"
                + " code", "compile without -flto, or with -ffat-lto-objects");
    }

    @Override
    public String getMessage() {
        StringBuilder text = new StringBuilder(file);
        if (section != null) {
            text.append(": section ").append(section);
        }
        if (index >= 0) {
            text.append(section == null ? ": index " : ", entry ").append(index);
        }
        text.append(": ").append(why);
        if (remedy != null) {
            text.append("; ").append(remedy);
        }
        return Printable.of(text.toString());
    }

    public int errno() {
        return errno;
    }

    public String file() {
        return file;
    }

    public @Nullable String section() {
        return section;
    }

    public long index() {
        return index;
    }

    public String why() {
        return why;
    }

    public @Nullable String remedy() {
        return remedy;
    }
}
