package dev.banos.loader;

import dev.banos.loader.elf.Refusal;
import dev.banos.loader.types.Agreement;
import dev.banos.loader.types.TypeSource;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares how a driver declares what it imports with how the driver that exports it defines it, where the type information of
 * both says so. Code that was compiled against another header would read and write the wrong bytes.
 */
final class ImportTypes {
    private ImportTypes() {
    }

    /** @throws Refusal for the first import whose types differ */
    static void requireAgreement(Driver importer, Map<String, Export> imports) {
        for (Map.Entry<String, Export> imported : imports.entrySet()) {
            Optional<TypeSource.Typed> declared = declared(importer, imported.getKey());
            Optional<TypeSource.Typed> defined = declared.isEmpty() ? Optional.empty() : defined(imported.getValue());
            if (defined.isPresent()) {
                require(importer, imported.getValue(), declared.get(), defined.get());
            }
        }
    }

    /** How the types of two definitions differ, in words; null where they agree, or one of them is not known. */
    static @Nullable String difference(Export one, Export other) {
        Optional<TypeSource.Typed> first = defined(one);
        Optional<TypeSource.Typed> second = defined(other);
        return first.isEmpty() || second.isEmpty() ? null : difference(first.get(), second.get());
    }

    private static void require(Driver importer, Export export, TypeSource.Typed declared, TypeSource.Typed defined) {
        String difference = difference(declared, defined);
        if (difference != null) {
            throw new Refusal(Refusal.EINVAL, importer.file(), null, -1, "driver " + importer.name() + " declares "
                    + declared.declaration() + ", but driver " + export.driver().name() + " defines " + defined.declaration() + ": "
                    + difference, "compile both against one header");
        }
    }

    /** Type information that cannot be read is as good as none: the driver was installable without it. */
    private static Optional<TypeSource.Typed> declared(Driver importer, String name) {
        try {
            return importer.types().declared(name);
        } catch (Refusal unreadable) {
            return Optional.empty();
        }
    }

    private static Optional<TypeSource.Typed> defined(Export export) {
        try {
            return export.typedOrNone();
        } catch (Refusal unreadable) {
            return Optional.empty();
        }
    }

    private static @Nullable String difference(TypeSource.Typed declared, TypeSource.Typed defined) {
        try {
            return Agreement.difference(declared.table(), declared.number(), defined.table(), defined.number());
        } catch (Refusal damaged) {
            return null;
        }
    }
}
