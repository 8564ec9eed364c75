package dev.banos.loader.link;

import dev.banos.bindings.Native;
import dev.banos.bindings.generated.Linux;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Phase 5: copies the image into its memory and gives each region its final protection. No page is ever writable and executable. */
final class Seal {
    private Seal() {
    }

    static void image(Image image, Layout layout) {
        long base = image.base();
        MemorySegment.copy(image.bytes(), 0, Native.segment(base, layout.size), ValueLayout.JAVA_BYTE, 0, layout.bytes);
        AddressSpace.protect(base, layout.constants, Linux.PROT_READ() | Linux.PROT_EXEC());
        AddressSpace.protect(base + layout.constants, layout.data - layout.constants, Linux.PROT_READ());
    }
}
