package dev.banos.loader.link;

import dev.banos.loader.machine.FixupKind;
import dev.banos.loader.machine.Image;
import dev.banos.loader.machine.RvFields;

/** The fixups that only RISC-V has: which address, distance or entry each means, for {@link RvFields} to write. */
final class RvFixups implements ProcessorFixups {
    private final Image image;
    private final long tlsDistance;

    /** @param tlsDistance from the thread pointer to the module's block */
    RvFixups(Image image, long tlsDistance) {
        this.image = image;
        this.tlsDistance = tlsDistance;
    }

    @Override
    public boolean apply(LinkedObject object, FixupKind kind, int symbol, int at, long addend) {
        long target = object.address[symbol] + addend;
        // As other linkers do: a jump to a weak function that is nowhere leads to itself, and its address is zero at any distance.
        boolean absent = object.absent.get(symbol);
        long delta = target - image.address(at);
        long jump = absent ? addend : delta;
        long near = absent && !RvFields.isNear(delta) ? 0 : delta;
        long got = object.gotOffset[symbol] + addend - at;
        long tlsEntry = object.tlsEntries[symbol] + Relocate.TLS_DISTANCE + addend - at;
        long tlsPair = object.tlsEntries[symbol] + Relocate.TLS_PAIR + addend - at;
        return switch (kind) {
            case RV_HIGH20 -> RvFields.high20(image, at, target);
            case RV_LOW12_I -> RvFields.low12I(image, at, target);
            case RV_LOW12_S -> RvFields.low12S(image, at, target);
            case RV_DELTA_HIGH20 -> RvFields.high20(image, at, delta) || absent && RvFields.zero(image, at);
            case RV_DELTA_LOW12_I -> RvFields.low12I(image, at, near);
            case RV_DELTA_LOW12_S -> RvFields.low12S(image, at, near);
            case RV_GOT_HIGH20 -> RvFields.high20(image, at, got);
            case RV_GOT_LOW12_I -> RvFields.low12I(image, at, got);
            case RV_GOT_LOW12_S -> RvFields.low12S(image, at, got);
            case RV_TLS_GOT_HIGH20 -> RvFields.high20(image, at, tlsEntry);
            case RV_TLS_GOT_LOW12_I -> RvFields.low12I(image, at, tlsEntry);
            case RV_TLS_GOT_LOW12_S -> RvFields.low12S(image, at, tlsEntry);
            case RV_TLS_PAIR_HIGH20 -> RvFields.high20(image, at, tlsPair);
            case RV_TLS_PAIR_LOW12_I -> RvFields.low12I(image, at, tlsPair);
            case RV_TLS_PAIR_LOW12_S -> RvFields.low12S(image, at, tlsPair);
            case RV_TLS_HIGH20 -> RvFields.high20(image, at, tlsDistance + target);
            case RV_TLS_LOW12_I -> RvFields.low12I(image, at, tlsDistance + target);
            case RV_TLS_LOW12_S -> RvFields.low12S(image, at, tlsDistance + target);
            case RV_NOP -> RvFields.nop(image, at);
            case RV_TLS_DESCRIPTOR_HIGH20 -> RvFields.descriptorHigh20(image, at, tlsDistance + target);
            case RV_TLS_DESCRIPTOR_LOW12 -> RvFields.descriptorLow12(image, at, tlsDistance + target);
            case RV_CALL -> RvFields.call(image, at, jump)
                    || addend == 0 && RvFields.call(image, at, object.stubOffset[symbol] - at);
            case RV_BRANCH12 -> RvFields.branch12(image, at, jump);
            case RV_JUMP20 -> RvFields.jump20(image, at, jump);
            case RV_SHORT_BRANCH8 -> RvFields.shortBranch8(image, at, jump);
            case RV_SHORT_JUMP11 -> RvFields.shortJump11(image, at, jump);
            case RV_SHORT_HIGH6 -> RvFields.shortHigh6(image, at, target);
            default -> throw new AssertionError(kind);
        };
    }
}
