package dev.banos.fuzz;

import dev.banos.loader.Driver;
import dev.banos.loader.Export;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.Loader;
import java.nio.file.Path;

/** A relocatable object that exports an allocator, linked by Banos's own loader: each instance is a copy with its own data. */
final class DriverObject {
    private final String spec;
    private final Path file;
    private final String prefix;

    DriverObject(String spec, Path file, String prefix) {
        this.spec = spec;
        this.file = file;
        this.prefix = prefix;
    }

    AllocatorUnderTest open() {
        Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { });
        try {
            Driver driver = loader.install(file);
            return new NativeAllocator(spec, name -> address(driver, prefix + name), Promises.ofC(), loader::close);
        } catch (LinkException unusable) {
            loader.close();
            throw new TargetException(spec + ": cannot be linked (" + unusable.getMessage() + ")", unusable);
        } catch (TargetException unusable) {
            loader.close();
            throw unusable;
        }
    }

    private static long address(Driver driver, String name) {
        return driver.exports().stream().filter(export -> export.name().equals(name)).findFirst()
                .map(Export::address).map(address -> address.address()).orElse(0L);
    }
}
