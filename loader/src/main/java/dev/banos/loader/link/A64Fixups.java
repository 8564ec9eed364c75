package dev.banos.loader.link;

import dev.banos.loader.machine.A64Fields;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import dev.banos.loader.machine.Image;

/** The fixups that only AArch64 has: which address, distance or entry each means, for {@link A64Fields} to write. */
final class A64Fixups implements ProcessorFixups {
    private final Image image;
    private final Layout layout;
    private final long tlsDistance;

    /** @param tlsDistance from the thread pointer to the module's block */
    A64Fixups(Image image, Layout layout, long tlsDistance) {
        this.image = image;
        this.layout = layout;
        this.tlsDistance = tlsDistance;
    }

    @Override
    public boolean apply(LinkedObject object, FixupKind kind, int symbol, int at, long addend) {
        long target = object.address[symbol] + addend;
        // The ABI: a call of a weak function that is nowhere goes on behind the call.
        boolean absent = object.absent.get(symbol);
        long delta = absent && kind == FixupKind.A64_BRANCH26 ? A64Fields.INSTRUCTION_BYTES : target - image.address(at);
        long gotEntry = image.base() + object.gotOffset[symbol];
        long tlsEntry = image.base() + object.tlsEntries[symbol] + Relocate.TLS_DISTANCE;
        if (addend != 0 && (kind.needs & (FixupKind.Need.GOT | FixupKind.Need.TLS_DISTANCE_GOT)) != 0) {
            return false; // the ABI means an entry that holds S + A, of which we have none
        }
        return switch (kind) {
            case A64_BRANCH26 -> A64Fields.branch26(image, at, delta)
                    || addend == 0 && A64Fields.branch26(image, at, object.stubOffset[symbol] - at);
            case A64_DELTA19 -> A64Fields.delta19(image, at, delta);
            case A64_DELTA14 -> A64Fields.delta14(image, at, delta);
            case A64_DELTA21 -> A64Fields.delta21(image, at, delta);
            case A64_PAGE21 -> A64Fields.page21(image, at, target, true);
            case A64_PAGE21_PART -> A64Fields.page21(image, at, target, false);
            case A64_LOW12 -> A64Fields.low12(image, at, target, 0);
            case A64_LOW12_OF_2 -> A64Fields.low12(image, at, target, 1);
            case A64_LOW12_OF_4 -> A64Fields.low12(image, at, target, 2);
            case A64_LOW12_OF_8 -> A64Fields.low12(image, at, target, 3);
            case A64_LOW12_OF_16 -> A64Fields.low12(image, at, target, 4);
            case A64_MOVE_0 -> A64Fields.move(image, at, target, 0, true);
            case A64_MOVE_0_PART -> A64Fields.move(image, at, target, 0, false);
            case A64_MOVE_1 -> A64Fields.move(image, at, target, 1, true);
            case A64_MOVE_1_PART -> A64Fields.move(image, at, target, 1, false);
            case A64_MOVE_2 -> A64Fields.move(image, at, target, 2, true);
            case A64_MOVE_2_PART -> A64Fields.move(image, at, target, 2, false);
            case A64_MOVE_3 -> A64Fields.move(image, at, target, 3, true);
            case A64_GOT_DELTA19 -> A64Fields.delta19(image, at, gotEntry - image.address(at));
            case A64_GOT_PAGE21 -> A64Fields.page21(image, at, gotEntry, true);
            case A64_GOT_LOW12 -> A64Fields.low12(image, at, gotEntry, 3);
            case A64_TLS_GOT_PAGE21 -> A64Fields.page21(image, at, tlsEntry, true);
            case A64_TLS_GOT_LOW12 -> A64Fields.low12(image, at, tlsEntry, 3);
            case A64_GOT_PAGE_LOW15 -> A64Fields.low15(image, at, gotEntry - (image.address(layout.got) & -Architecture.PAGE_BYTES));
            case A64_SIGNED_MOVE_0 -> A64Fields.signedMove(image, at, target, 0, true);
            case A64_SIGNED_MOVE_1 -> A64Fields.signedMove(image, at, target, 1, true);
            case A64_SIGNED_MOVE_2 -> A64Fields.signedMove(image, at, target, 2, true);
            case A64_DELTA_MOVE_0 -> A64Fields.signedMove(image, at, delta, 0, true);
            case A64_DELTA_MOVE_0_PART -> A64Fields.signedMove(image, at, delta, 0, false);
            case A64_DELTA_MOVE_1 -> A64Fields.signedMove(image, at, delta, 1, true);
            case A64_DELTA_MOVE_1_PART -> A64Fields.signedMove(image, at, delta, 1, false);
            case A64_DELTA_MOVE_2 -> A64Fields.signedMove(image, at, delta, 2, true);
            case A64_DELTA_MOVE_2_PART -> A64Fields.signedMove(image, at, delta, 2, false);
            case A64_DELTA_MOVE_3 -> A64Fields.signedMove(image, at, delta, 3, false);
            default -> applyThreadLocal(kind, at, target);
        };
    }

    private boolean applyThreadLocal(FixupKind kind, int at, long target) {
        long distance = tlsDistance + target;
        return switch (kind) {
            case A64_TLS_OFFSET_HIGH12 -> A64Fields.high12(image, at, target);
            case A64_TLS_OFFSET_ALL12 -> A64Fields.all12(image, at, target, 0);
            case A64_TLS_OFFSET_ALL12_OF_2 -> A64Fields.all12(image, at, target, 1);
            case A64_TLS_OFFSET_ALL12_OF_4 -> A64Fields.all12(image, at, target, 2);
            case A64_TLS_OFFSET_ALL12_OF_8 -> A64Fields.all12(image, at, target, 3);
            case A64_TLS_OFFSET_ALL12_OF_16 -> A64Fields.all12(image, at, target, 4);
            case A64_TLS_HIGH12 -> A64Fields.high12(image, at, distance);
            case A64_TLS_LOW12 -> A64Fields.low12(image, at, distance, 0);
            case A64_TLS_ALL12 -> A64Fields.all12(image, at, distance, 0);
            case A64_TLS_ALL12_OF_2 -> A64Fields.all12(image, at, distance, 1);
            case A64_TLS_ALL12_OF_4 -> A64Fields.all12(image, at, distance, 2);
            case A64_TLS_ALL12_OF_8 -> A64Fields.all12(image, at, distance, 3);
            case A64_TLS_ALL12_OF_16 -> A64Fields.all12(image, at, distance, 4);
            case A64_TLS_LOW12_OF_2 -> A64Fields.low12(image, at, distance, 1);
            case A64_TLS_LOW12_OF_4 -> A64Fields.low12(image, at, distance, 2);
            case A64_TLS_LOW12_OF_8 -> A64Fields.low12(image, at, distance, 3);
            case A64_TLS_LOW12_OF_16 -> A64Fields.low12(image, at, distance, 4);
            case A64_TLS_MOVE_0 -> A64Fields.move(image, at, distance, 0, true);
            case A64_TLS_MOVE_0_PART -> A64Fields.move(image, at, distance, 0, false);
            case A64_TLS_MOVE_1 -> A64Fields.move(image, at, distance, 1, true);
            case A64_TLS_MOVE_1_PART -> A64Fields.move(image, at, distance, 1, false);
            case A64_TLS_MOVE_2 -> A64Fields.move(image, at, distance, 2, true);
            default -> throw new AssertionError(kind);
        };
    }
}
