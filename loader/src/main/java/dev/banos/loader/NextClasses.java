package dev.banos.loader;

import dev.banos.bindings.FirstCall;

/**
 * The classes that a first load needs once its memory can be mapped. A JVM that has just started takes some 25 milliseconds longer for
 * the call that maps it than for reading and checking the object; a third of a millisecond for each of these.
 */
final class NextClasses {
    static final String PREFIX = "dev.banos.loader.";

    static final String[] OF_BOTH = {"link.TlsImports", "process.TinyLibrary", "link.ThreadDestructors", "link.Resolve", "machine.Image",
        "link.Relocate", "link.Seal", "link.LinkedModule", "link.StartStop", "link.StartStop$Table", "process.UnwindTables", "link.ModuleMemory",
        "TypedCalls$Target", "types.TypeSource", "TypedCalls", "LentPointers", "call.Lifetime", "call.Lifetime$Ended", "debug.Modules",
        "debug.Modules$Live", "debug.MapFile", "debug.LoaderEvents"};
    static final String[] OF_A_LIBRARY = {"LinkedLibrary", "LinkedLibrary$Functions"};
    static final String[] OF_A_DRIVER = {"Driver", "FunctionStubs", "Driver$Exports", "PointerLifetimes", "abi.ExportEntry", "abi.ExportEntry$Entries",
        "abi.BanosSymbol", "Export", "ImportTypes"};

    private NextClasses() {
    }

    /** For {@link ObjectLinker}, before it links. */
    static void loadForLibrary() {
        load(OF_BOTH);
        load(OF_A_LIBRARY);
    }

    /** For {@link Loader}, before it links. */
    static void loadForDriver() {
        load(OF_BOTH);
        load(OF_A_DRIVER);
    }

    private static void load(String[] names) {
        FirstCall.loadMeanwhile(NextClasses.class.getClassLoader(), PREFIX, names);
    }
}
