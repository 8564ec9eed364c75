package dev.banos.bindings;

/** Banos cannot run in this Java virtual machine as it was started; the message says what to change. */
public final class NativeAccessError extends LinkageError {
    private static final long serialVersionUID = 1L;

    NativeAccessError(String message) {
        super(message);
    }

    /** Thrown from a class initialiser: being an {@link Error}, it reaches the first caller as it is, not wrapped. */
    static void requireSupportedHost() {
        String system = System.getProperty("os.name");
        String machine = System.getProperty("os.arch");
        if (!"Linux".equals(system) || !("amd64".equals(machine) || "aarch64".equals(machine))) {
            throw new NativeAccessError(
                    "Banos runs on Linux on x86-64 or aarch64; this is " + system + " on " + machine);
        }
        Module module = NativeAccessError.class.getModule();
        if (!module.isNativeAccessEnabled()) {
            throw new NativeAccessError("native access is not enabled for Banos: start java with --enable-native-access="
                    + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
        }
    }
}
