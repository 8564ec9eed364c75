package dev.banos.loader.debug;

import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.ModuleFigures;
import dev.banos.loader.link.PhaseClock;
import dev.banos.loader.link.PhaseClock.Phase;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * The flight recorder events. Each static method tests one flag and returns while no recording wants the event: loading a class
 * of events costs a tenth of a second, so none is touched before there is a flight recorder. {@code jfr view
 * dev.banos.loader.Load recording.jfr} shows one as a table.
 */
public final class LoaderEvents {
    private LoaderEvents() {
    }

    @Name("dev.banos.loader.Load")
    @Label("Module Load")
    @Description("An object became code in this process; its constructors and init come next")
    @Category({"Banos", "Loader"})
    static final class Load extends Event {
        @Label("Module")
        @Nullable String module;
        @Label("File")
        @Nullable String file;
        @Label("Address")
        @MemoryAddress
        long address;
        @Label("Size")
        @DataAmount
        long size;
        @Label("Objects")
        int objects;
        @Label("Took")
        @Description("From the first byte read until sealed")
        @Timespan
        long took;
    }

    @Name("dev.banos.loader.Relocation")
    @Label("Module Relocation")
    @Description("The relocations of one load, and what resolving and applying them took")
    @Category({"Banos", "Loader"})
    @StackTrace(false)
    static final class Relocation extends Event {
        @Label("Module")
        @Nullable String module;
        @Label("Relocations")
        long relocations;
        @Label("Imports")
        int imports;
        @Label("GOT Entries")
        int gotEntries;
        @Label("Stubs")
        int stubs;
        @Label("Resolve")
        @Timespan
        long resolve;
        @Label("Apply")
        @Timespan
        long apply;
    }

    @Name("dev.banos.loader.Init")
    @Label("Driver Init")
    @Description("The constructors and init of a driver, or its uninit")
    @Category({"Banos", "Loader"})
    static final class Init extends Event {
        @Label("Driver")
        @Nullable String driver;
        @Label("Function")
        @Nullable String function;
        @Label("Result")
        @Description("0 or more is success, a negative errno is failure")
        int result;
        @Label("Took")
        @Timespan
        long took;
    }

    @Name("dev.banos.loader.Unload")
    @Label("Module Unload")
    @Category({"Banos", "Loader"})
    static final class Unload extends Event {
        @Label("Module")
        @Nullable String module;
        @Label("File")
        @Nullable String file;
        @Label("Address")
        @MemoryAddress
        long address;
        @Label("Loaded For")
        @Timespan
        long life;
    }

    @Name("dev.banos.loader.Refused")
    @Label("Load Refused")
    @Description("A file, or a driver in it, was not loaded")
    @Category({"Banos", "Loader"})
    static final class Refused extends Event {
        @Label("File")
        @Nullable String file;
        @Label("Section")
        @Description("Its name and index, where the cause has a place in one")
        @Nullable String section;
        @Label("Entry")
        @Description("Of the section, from 0; -1 where none is meant")
        long entry;
        @Label("Cause")
        @Nullable String cause;
        @Label("Remedy")
        @Nullable String remedy;
        @Label("Error Number")
        @Description("As in errno.h")
        int errno;
    }

    /** Called once for each load that ends so. */
    public static void refused(Refusal refusal) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        Refused event = new Refused();
        if (event.shouldCommit()) {
            event.file = refusal.file();
            event.section = refusal.section();
            event.entry = refusal.index();
            event.cause = refusal.why();
            event.remedy = refusal.remedy();
            event.errno = refusal.errno();
            event.commit();
        }
    }

    static void loaded(LinkedModule module, String label) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        PhaseClock clock = module.clock();
        Load load = new Load();
        Relocation relocation = new Relocation();
        if (!load.shouldCommit() && !relocation.shouldCommit()) {
            return;
        }
        ModuleFigures figures = module.figures();
        load.module = label;
        load.file = module.name();
        load.address = module.base();
        load.size = module.size();
        load.objects = figures.objects();
        for (Phase phase : Phase.values()) {
            load.took += clock.nanos(phase);
        }
        load.commit();
        relocation.module = label;
        relocation.relocations = figures.relocations();
        relocation.imports = figures.imports();
        relocation.gotEntries = figures.gotEntries();
        relocation.stubs = figures.stubs();
        relocation.resolve = clock.nanos(Phase.RESOLVE);
        relocation.apply = clock.nanos(Phase.RELOCATE);
        relocation.commit();
    }

    /** @param nanos how long it took */
    public static void ran(String driver, String function, int result, long nanos) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        Init event = new Init();
        if (event.shouldCommit()) {
            event.driver = driver;
            event.function = function;
            event.result = result;
            event.took = nanos;
            event.commit();
        }
    }

    /** @param nanos how long it was loaded */
    static void unloaded(LinkedModule module, String label, long nanos) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        Unload event = new Unload();
        if (event.shouldCommit()) {
            event.module = label;
            event.file = module.name();
            event.address = module.base();
            event.life = nanos;
            event.commit();
        }
    }
}
