package dev.banos.samples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A native image knows the shapes of calls that the jars name. Each function descriptor that is written down in the code is read
 * from the class files, and has to be there; the tests of {@code bindings} and {@code native-mem} compare those that they compute.
 */
class NativeImageMetadataTest {
    private static final String LAYOUTS = "java/lang/foreign/ValueLayout";
    private static final String DESCRIPTORS = "java/lang/foreign/FunctionDescriptor";
    private static final Map<String, String> NAMES = Map.of("JAVA_INT", "jint", "JAVA_LONG", "jlong", "ADDRESS", "void*",
            "JAVA_DOUBLE", "jdouble", "JAVA_BYTE", "jbyte", "JAVA_SHORT", "jshort");
    private static final Pattern SHAPE = Pattern.compile("\"returnType\": \"([^\"]+)\", \"parameterTypes\": \\[([^\\]]*)\\]");

    @ParameterizedTest
    @ValueSource(strings = {"native-mem", "libc", "loader"})
    void namesTheShapesThatAreWrittenDown(String module) throws IOException {
        Path file = DocumentsTest.ROOT.resolve(module)
                .resolve("src/main/resources/META-INF/native-image/dev.banos/banos-" + module + "/reachability-metadata.json");
        Set<String> named = SHAPE.matcher(Files.readString(file)).results()
                .map(shape -> shape.group(1) + "(" + shape.group(2).replace("\"", "") + ")").collect(Collectors.toSet());
        assertThat(named).containsAll(written(DocumentsTest.ROOT.resolve(module).resolve("target/classes")));
    }

    @Test
    void theSearchSeesDescriptors() throws IOException {
        assertThat(written(DocumentsTest.ROOT.resolve("loader/target/classes")))
                .contains("jlong()", "jlong(jlong, jlong)", "void*(void*)", "void()").hasSizeGreaterThan(6);
    }

    private static Set<String> written(Path classes) throws IOException {
        Set<String> shapes = new TreeSet<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".class")).toList()) {
                ClassFile.of().parse(file).methods().forEach(method -> addShapes(method, shapes));
            }
        }
        return shapes;
    }

    /** The layouts that are loaded between an array of layouts and the call that takes it are the parameters; one before, the result. */
    private static void addShapes(MethodModel method, Set<String> shapes) {
        List<String> loaded = new ArrayList<>();
        boolean hasArray = false;
        for (CodeElement element : method.code().map(code -> code.elementList()).orElse(List.of())) {
            switch (element) {
                case FieldInstruction field when field.owner().asInternalName().equals(LAYOUTS) ->
                        loaded.add(NAMES.getOrDefault(field.name().stringValue(), field.name().stringValue()));
                case NewReferenceArrayInstruction array -> hasArray = true;
                case InvokeInstruction call when call.owner().asInternalName().equals(DESCRIPTORS)
                        && call.name().stringValue().startsWith("of") -> {
                    if (hasArray) {
                        boolean isVoid = call.name().equalsString("ofVoid");
                        shapes.add((isVoid ? "void" : loaded.getFirst())
                                + loaded.subList(isVoid ? 0 : 1, loaded.size()).stream().collect(Collectors.joining(", ", "(", ")")));
                    }
                    loaded.clear();
                    hasArray = false;
                }
                default -> { }
            }
        }
    }
}
