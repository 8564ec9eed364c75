import org.jspecify.annotations.NullMarked;

/** Loads and calls driver objects. */
@NullMarked
module dev.banos.loader {
    requires dev.banos.bindings;
    requires dev.banos.libc;
    requires transitive dev.banos.mem;
    requires jdk.jfr;
    requires static transitive org.jspecify;

    exports dev.banos.loader;
}
