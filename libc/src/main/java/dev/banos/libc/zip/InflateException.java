package dev.banos.libc.zip;

import java.util.zip.DataFormatException;

/** A compressed stream that is wrong, or larger than its reader allows. {@link Inflater#inflate} tells when it is thrown. */
public final class InflateException extends DataFormatException {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final long inputOffset;

    InflateException(String reason, long inputOffset) {
        super(reason + " (input offset " + inputOffset + ")");
        this.reason = reason;
        this.inputOffset = inputOffset;
    }

    /** {@return what is wrong, in zlib's words, for example {@code invalid distance too far back}} */
    public String reason() {
        return reason;
    }

    /** {@return how many bytes of the stream had been used, from its first, when the error showed} */
    public long inputOffset() {
        return inputOffset;
    }
}
