package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.libc.zip.Inflater.Format;
import dev.banos.libc.zip.Inflater.TrailingData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Input that is copied first, in stages: where a stage ends says nothing, whatever kind the segments are of. */
class InflaterStagesTest {
    private static final byte[] FOLLOWING = {5, 6, 7, 8, 9};
    private static final byte[] HALF_MAGIC = {0x1F, 0x20, 7};
    private static final int MEMBER_OVERHEAD = 10 + 8;

    @ParameterizedTest
    @ValueSource(ints = {-2, -1, 0, 1, 2})
    void allKindsOfInputGiveTheSameAroundTheEndOfAStage(int beside) {
        for (int stages = 1; stages <= 3; stages++) {
            byte[] member = memberOf(stages * Workspace.STAGE_BYTES + beside);
            for (byte[] behind : List.of(new byte[0], FOLLOWING, HALF_MAGIC, member, joined(member, HALF_MAGIC), new byte[20_000])) {
                for (TrailingData policy : TrailingData.values()) {
                    for (boolean several : new boolean[] {false, true}) {
                        InflaterOptions options = InflaterOptions.of(Format.GZIP).withTrailingData(policy).withMultiMember(several);
                        requireSame(joined(member, behind), options);
                    }
                }
            }
        }
    }

    @Test
    void twoMembersOfAStageEachAreReadFromTheJavaHeap() {
        byte[] member = memberOf(Workspace.STAGE_BYTES);
        InflaterOptions options = InflaterOptions.of(Format.GZIP).withMultiMember(true);
        assertThat(outcome(options, MemorySegment.ofArray(joined(member, member)))).startsWith("DONE consumed 16384 ");
    }

    /** The confined one is read in place, in one piece: what it gives is right for all. */
    private static void requireSame(byte[] stream, InflaterOptions options) {
        try (Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            String expected = outcome(options, copy(confined, stream));
            assertThat(outcome(options, MemorySegment.ofArray(stream))).as("heap, %s", options).isEqualTo(expected);
            assertThat(outcome(options, copy(shared, stream))).as("shared, %s", options).isEqualTo(expected);
            assertThat(outcome(options, copy(Arena.ofAuto(), stream))).as("automatic, %s", options).isEqualTo(expected);
        }
    }

    private static MemorySegment copy(Arena scope, byte[] stream) {
        return scope.allocateFrom(ValueLayout.JAVA_BYTE, stream);
    }

    private static String outcome(InflaterOptions options, MemorySegment in) {
        try (Arena scope = Arena.ofConfined(); Inflater inflater = new Inflater(options)) {
            MemorySegment out = scope.allocate(1 << 18);
            String end;
            try {
                end = inflater.inflate(in, out).toString();
            } catch (InflateException wrong) {
                end = wrong.getMessage();
            }
            MemorySegment produced = out.asSlice(0, inflater.produced());
            return end + " consumed " + inflater.consumed() + " produced " + produced.byteSize() + " of sum " + Crc32.update(Crc32.INITIAL, produced);
        }
    }

    /** Noise is stored: a byte of it more makes the member a byte longer, but where a block more begins. */
    private static byte[] memberOf(int bytes) {
        for (int content = bytes - MEMBER_OVERHEAD; content > 0; content--) {
            byte[] member = GzipMember.of(Bytes.random(content, bytes)).toBytes();
            if (member.length == bytes) {
                return member;
            }
        }
        throw new AssertionError("no member of " + bytes + " bytes");
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
