package dev.banos.loader.machine;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import org.jspecify.annotations.Nullable;

/** What differs between machines: the meaning of relocation numbers and the code of stubs. */
public abstract class Architecture {
    /** Of the smallest page of each machine. */
    public static final int PAGE_BYTES = 4096;
    /** Of {@link #widths}: the number has no meaning. */
    public static final byte UNKNOWN = -1;
    /** Of {@link #plain}: neither of the others. */
    static final byte NOT_PLAIN = 0;
    /** DELTA32, or BRANCH32 that needs no stub. */
    public static final byte PLAIN_DELTA32 = 1;
    public static final byte PLAIN_ABS64 = 2;
    public static final byte PLAIN_ABS32S = 3;

    private final @Nullable FixupKind[] kinds;
    private final byte[] plain;
    private final byte[] widths;
    private final byte[] needs;
    private final long lowTypes;

    /** @param kinds by relocation number, null where there is none */
    Architecture(@Nullable FixupKind[] kinds) {
        this.kinds = kinds;
        this.plain = new byte[kinds.length];
        this.widths = new byte[kinds.length];
        this.needs = new byte[kinds.length];
        for (int number = 0; number < kinds.length; number++) {
            FixupKind kind = kinds[number];
            plain[number] = plain(kind);
            widths[number] = kind == null ? UNKNOWN : (byte) kind.width;
            needs[number] = kind == null ? 0 : (byte) kind.needs;
        }
        this.lowTypes = lowTypes(needs);
    }

    private static long lowTypes(byte[] needs) {
        long types = 0;
        for (int number = 0; number < Math.min(needs.length, Long.SIZE); number++) {
            types |= (needs[number] & FixupKind.Need.LOW) != 0 ? 1L << number : 0;
        }
        return types;
    }

    private static byte plain(@Nullable FixupKind kind) {
        if (kind == FixupKind.DELTA32 || kind == FixupKind.BRANCH32) {
            return PLAIN_DELTA32;
        }
        return kind == FixupKind.ABS64 ? PLAIN_ABS64 : kind == FixupKind.ABS32S ? PLAIN_ABS32S : NOT_PLAIN;
    }

    /**
     * Null where the machine's ABI is not known to the linker. The constants are of this type: were each of its own, the JVM would load
     * the classes of all machines to verify this method.
     */
    public static @Nullable Architecture of(int machine) {
        return switch (machine) {
            case Elf.EM_X86_64 -> X8664.INSTANCE;
            case Elf.EM_AARCH64 -> Aarch64.INSTANCE;
            case Elf.EM_RISCV -> Riscv64.INSTANCE;
            default -> null;
        };
    }

    /** e_machine of the machine that this process runs on. */
    public static int hostMachine() {
        return "aarch64".equals(System.getProperty("os.arch")) ? Elf.EM_AARCH64 : Elf.EM_X86_64;
    }

    /** Of the machine that this process runs on. */
    public static Architecture host() {
        return hostMachine() == Elf.EM_AARCH64 ? Aarch64.INSTANCE : X8664.INSTANCE;
    }

    /** The kind, or null where the number means nothing to us. */
    public final @Nullable FixupKind kind(int relocationType) {
        return relocationType >= 0 && relocationType < kinds.length ? kinds[relocationType] : null;
    }

    /** {@link #kind} by number, for loops that have checked every number before. */
    public final @Nullable FixupKind[] kinds() {
        return kinds;
    }

    /** By number, {@link FixupKind#width}, or {@link #UNKNOWN}. */
    public final byte[] widths() {
        return widths;
    }

    /** Of the numbers below 64, a bit for each that demands the lowest 2 GiB. */
    public final long lowTypes() {
        return lowTypes;
    }

    /** The widest field of any of these numbers, a bit each; {@link #UNKNOWN} where one of them has no meaning. */
    public final int widest(long numbers) {
        int widest = 0;
        for (long rest = numbers; rest != 0; rest &= rest - 1) {
            int number = Long.numberOfTrailingZeros(rest);
            int width = number < widths.length ? widths[number] : UNKNOWN;
            if (width == UNKNOWN) {
                return UNKNOWN;
            }
            widest = Math.max(widest, width);
        }
        return widest;
    }

    /** By number, {@link FixupKind#needs}. */
    public final byte[] needs() {
        return needs;
    }

    /** By number, which of the kinds it is that most relocations are. */
    public final byte[] plain() {
        return plain;
    }

    /**
     * The object as the linker takes it: where an ABI spreads one meaning over several relocations, with one for each field;
     * and with the shortest ways to thread-local variables that there are.
     *
     * @param program whether the thread-local variables lie where those of a program without shared libraries do
     * @throws dev.banos.loader.elf.Refusal if they do not go together
     */
    public ElfObject prepared(ElfObject object, boolean program) {
        return object;
    }

    /** The psABI's name of a relocation number, for people. */
    public abstract String relocationName(int relocationType);

    /** What compiles the object without a relocation that is not supported, or null. */
    public @Nullable String remedy(int relocationType) {
        return null;
    }

    /** The addend of a BRANCH32 in code that leads to the symbol itself. */
    public int callAddend() {
        return 0;
    }

    /** Bytes of a stub, which are also its alignment. */
    public abstract int stubBytes();

    /**
     * Writes a jump through a GOT entry.
     *
     * @param at    the stub's offset in the image
     * @param delta the GOT entry's address minus the stub's
     */
    public abstract void writeStub(Image image, int at, long delta);

    /**
     * From the thread pointer to the block of thread-local variables, in a program without shared libraries.
     *
     * @param size      of the block, in bytes
     * @param alignment of the block
     */
    public abstract long tlsDistance(int size, int alignment);

    /** Offset in such a program's block of the symbol that compilers count from, {@code _TLS_MODULE_BASE_}. */
    public long tlsBlockSymbol(int size, int alignment) {
        return 0;
    }

    /** How much less than its offset in the block stands in a variable's pair of entries for {@code __tls_get_addr}. */
    public int tlsPairBias() {
        return 0;
    }

    /**
     * Turns a load from the GOT into an instruction that needs none, where the opcode allows and the target is near enough.
     *
     * @param first  where the section begins in the image: nothing before it may be read
     * @param at     the fixup's offset in the image
     * @param target S
     * @param rex    whether the instruction has a REX prefix
     * @return whether the instruction was rewritten, field and all
     */
    public abstract boolean relax(Image image, int first, int at, long target, boolean rex);
}
