package dev.banos.loader.debug;

import dev.banos.bindings.Native;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.Whereabouts;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An address found in a module.
 *
 * @param unloaded    null while the module is loaded
 * @param whereabouts null where the module is gone for so long that this is forgotten
 * @param field       the bytes that a relocation wrote, as they are now, or null
 */
public record Sighting(String label, String file, long base, @Nullable Instant unloaded, @Nullable Whereabouts whereabouts,
        byte @Nullable [] field) {

    /** The module is known to stay mapped during this. */
    static Sighting of(LinkedModule module, String label, long address) {
        Whereabouts where = module.whereabouts(address);
        Whereabouts.Written written = where.written();
        byte[] field = written == null || written.width() == 0 ? null
                : Native.segment(written.place(), written.width()).toArray(ValueLayout.JAVA_BYTE);
        return new Sighting(label, module.name(), module.base(), null, where, field);
    }
}
