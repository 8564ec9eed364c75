package dev.banos.loader.link;

import dev.banos.loader.machine.FixupKind;

/** Applies the fixups that only one processor has: fields of its instructions. */
interface ProcessorFixups {
    /**
     * @param kind one of the processor's own
     * @param at   of the field, in the image
     * @return whether the value fits the field
     */
    boolean apply(LinkedObject object, FixupKind kind, int symbol, int at, long addend);
}
