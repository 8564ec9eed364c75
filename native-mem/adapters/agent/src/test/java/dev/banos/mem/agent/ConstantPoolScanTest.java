package dev.banos.mem.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.constant.ClassDesc;
import java.lang.module.ModuleFinder;
import java.util.Arrays;
import java.util.List;
import java.util.Spliterators;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The quick look beside the parser's. */
class ConstantPoolScanTest {
    /** Two modules of the JDK with class files of all kinds; in the second are those that mention it. */
    @Test
    void saysWhatTheParserSays() throws IOException {
        int mentions = 0;
        for (String module : List.of("java.base", "jdk.unsupported")) {
            try (var reader = ModuleFinder.ofSystem().find(module).orElseThrow().open()) {
                for (String name : reader.list().filter(each -> each.endsWith(".class")).toList()) {
                    byte[] classFile = reader.open(name).orElseThrow().readAllBytes();
                    boolean found = ConstantPoolScan.mentionsUnsafe(classFile);
                    assertThat(found).as(name).isEqualTo(parserFinds(classFile));
                    mentions += found ? 1 : 0;
                }
            }
        }
        assertThat(mentions).isPositive();
    }

    private static boolean parserFinds(byte[] classFile) {
        Iterable<PoolEntry> pool = ClassFile.of().parse(classFile).constantPool();
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(pool.iterator(), 0), false)
                .anyMatch(entry -> entry instanceof Utf8Entry text && text.equalsString("sun/misc/Unsafe"));
    }

    /** Cut anywhere, it says that the parser is to look, or that the name is not in what there is. */
    @Test
    void staysInsideWhatThereIs() {
        byte[] classFile = ClassFile.of().build(ClassDesc.of("A"), type -> type.withField("last", UnsafeMethod.UNSAFE, 0));
        for (int length = 0; length <= classFile.length; length++) {
            ConstantPoolScan.mentionsUnsafe(Arrays.copyOf(classFile, length));
        }
        assertThat(ConstantPoolScan.mentionsUnsafe(new byte[9])).isTrue();
        assertThat(ConstantPoolScan.mentionsUnsafe(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 99, 0, 0})).isTrue();
    }
}
