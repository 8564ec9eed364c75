package dev.banos.loader;

import dev.banos.loader.debug.LoaderEvents;
import dev.banos.loader.elf.Refusal;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Thrown when an object cannot be read, linked, started or stopped. The message is one line that names the file, the section and
 * the entry where they are known, the cause, and what to do about it. Methods return the parts one by one.
 */
public final class LinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;

    private LinkException(Refusal refusal) {
        super(refusal.getMessage(), refusal.getCause());
        this.refusal = refusal;
    }

    /** What the internal packages throw becomes public at the edge, here. */
    static LinkException of(Refusal refusal) {
        LinkException exception = new LinkException(refusal);
        for (Throwable more : refusal.getSuppressed()) {
            exception.addSuppressed(more);
        }
        return exception;
    }

    /** As {@link #of}, at the end of a load: flight recordings show it. */
    static LinkException ofLoad(Refusal refusal) {
        LoaderEvents.refused(refusal);
        return of(refusal);
    }

    /**
     * The kind of failure as a C programmer knows it: ENOEXEC for malformed bytes, EOPNOTSUPP for what is not supported, ENOENT
     * for missing imports, ERANGE for a value that does not fit, EPERM if the policy forbids it, EBUSY if something is in use,
     * or what a driver's {@code init} returned.
     *
     * @return a positive number of {@code errno.h}, or what {@code init} returned, made positive
     */
    public int errno() {
        return refusal.errno();
    }

    /** {@return the file, or the name that was given for bytes in memory} */
    public String file() {
        return refusal.file();
    }

    /** {@return the section's name and index, where the failure has a place in one} */
    public Optional<String> section() {
        return Optional.ofNullable(refusal.section());
    }

    /** {@return the entry of the section, from 0: a symbol, a relocation, an export} */
    public OptionalLong index() {
        return refusal.index() < 0 ? OptionalLong.empty() : OptionalLong.of(refusal.index());
    }

    /** {@return what is wrong, without the place} */
    public String why() {
        return refusal.why();
    }

    /** {@return what to do about it, where that is known} */
    public Optional<String> remedy() {
        return Optional.ofNullable(refusal.remedy());
    }
}
