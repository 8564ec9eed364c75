package dev.banos.libc.zip;

import org.jspecify.annotations.Nullable;

/**
 * The header of a gzip member (RFC 1952, 2.3). A text is null if the member has none; one longer than
 * {@value Inflater#HEADER_TEXT_BYTES} bytes is cut there.
 *
 * @param text whether the member says that its content is probably text
 * @param modificationTime seconds since 1970, unsigned; 0 if the member does not say
 * @param extraFlags 2 for the slowest, 4 for the fastest compression
 * @param operatingSystem 3 for Unix, 255 for unknown
 * @param extra the extra field, undecoded
 * @param name the file's name, decoded as ISO 8859-1 and not to be trusted
 * @param comment decoded as ISO 8859-1
 * @param checked whether the header carried a checksum of itself, which was right
 * @param bytes how many bytes the header takes in the stream, with all of a text that is cut here
 */
public record GzipHeader(boolean text, long modificationTime, int extraFlags, int operatingSystem,
        byte @Nullable [] extra, @Nullable String name, @Nullable String comment, boolean checked, long bytes) {
}
