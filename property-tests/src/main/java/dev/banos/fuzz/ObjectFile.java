package dev.banos.fuzz;

import dev.banos.loader.Driver;
import dev.banos.loader.Export;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.Loader;
import dev.banos.loader.ObjectInfo;
import dev.banos.loader.ObjectLinker;
import java.nio.file.Path;

/**
 * A relocatable object as the source of allocators, linked by Banos's own loader: each instance is a copy with its own data.
 * A driver's functions are those that it exports, any other object's all that are global.
 */
final class ObjectFile {
    private final String spec;
    private final Path file;
    private final String prefix;

    ObjectFile(String spec, Path file, String prefix) {
        this.spec = spec;
        this.file = file;
        this.prefix = prefix;
    }

    AllocatorUnderTest open() {
        try {
            return ObjectInfo.read(file).driver().isPresent() ? install() : link();
        } catch (LinkException unusable) {
            throw new TargetException(spec + ": cannot be linked (" + unusable.getMessage() + ")", unusable);
        }
    }

    private AllocatorUnderTest install() {
        Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { });
        try {
            Driver driver = loader.install(file);
            return new NativeAllocator(spec, prefix, name -> address(driver, prefix + name), Promises.ofC(), loader::close);
        } catch (LinkException | TargetException unusable) {
            loader.close();
            throw unusable;
        }
    }

    private static long address(Driver driver, String name) {
        return driver.exports().stream().filter(export -> export.name().equals(name)).findFirst()
                .map(Export::address).map(address -> address.address()).orElse(0L);
    }

    private AllocatorUnderTest link() {
        LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(file).link();
        try {
            return new NativeAllocator(spec, prefix, name -> address(library, prefix + name), Promises.ofC(), library::close);
        } catch (TargetException unusable) {
            library.close();
            throw unusable;
        }
    }

    private static long address(LinkedLibrary library, String name) {
        try {
            return library.symbol(name).address();
        } catch (LinkException undefined) {
            return 0;
        }
    }
}
