package dev.banos.fuzz.program;

/** How one program is run. */
public enum Mode {
    /** One operation at a time, in program order. */
    LOCKSTEP,
    /** Each thread at its own pace; several times over, since timing decides. */
    FREELY,
    /** Each thread at its own pace, over and over on the same threads. */
    RACED,
    /** Over and over, while the process's memory is watched. */
    REPEATED,
    /** As REPEATED, until there is no doubt. */
    REPEATED_LONG;

    public boolean isRepeated() {
        return this == REPEATED || this == REPEATED_LONG;
    }
}
