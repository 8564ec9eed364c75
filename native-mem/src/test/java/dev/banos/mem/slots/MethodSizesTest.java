package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.system.Words;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What the compiler is to take into its callers however rarely it has seen it run is no longer than it then takes. */
class MethodSizesTest {
    /** MaxInlineSize, by default. */
    private static final int BYTECODES = 35;

    @Test
    void whatAFreeAndAMallocBeginWithIsOfAtMost35Bytecodes() throws IOException {
        assertThat(tooLong(Run.class, List.of("free", "freeSlot", "setFree", "write", "wordChanged", "slotAt", "begins"))).isEmpty();
        assertThat(tooLong(SizeClasses.class, List.of("indexOf"))).isEmpty();
        assertThat(tooLong(Words.class, List.of("bitAt", "byteOf", "wordOf", "get", "put", "getWhole", "putWhole"))).isEmpty();
    }

    @Test
    void aLongerOneIsSeen() throws IOException {
        assertThat(tooLong(Run.class, List.of("foldRemote"))).containsOnlyKeys("foldRemote");
    }

    /** @param names each of a method that is there */
    private static Map<String, Integer> tooLong(Class<?> type, List<String> names) throws IOException {
        ClassModel model;
        try (InputStream file = Objects.requireNonNull(type.getResourceAsStream(type.getSimpleName() + ".class"))) {
            model = ClassFile.of().parse(file.readAllBytes());
        }
        Map<String, Integer> found = new TreeMap<>();
        for (String name : names) {
            List<MethodModel> methods = model.methods().stream().filter(each -> each.methodName().equalsString(name)).toList();
            assertThat(methods).as(name).isNotEmpty();
            for (MethodModel each : methods) {
                CodeAttribute code = each.findAttribute(Attributes.code()).orElseThrow();
                if (code.codeLength() > BYTECODES) {
                    found.put(name, code.codeLength());
                }
            }
        }
        return found;
    }
}
