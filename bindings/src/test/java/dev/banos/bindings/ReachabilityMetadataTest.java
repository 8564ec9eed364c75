package dev.banos.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.generated.Linux;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A native image has a stub for each shape of call that its metadata names; one that is missing fails at run time only. */
class ReachabilityMetadataTest {
    private static final String FILE = "/META-INF/native-image/dev.banos/banos-bindings/reachability-metadata.json";
    private static final Pattern DOWNCALL = Pattern.compile(
            "\\{\"returnType\": \"([^\"]+)\", \"parameterTypes\": \\[([^\\]]*)\\](?:, \"options\": \\{(.*)\\})?\\}");
    private static final Map<String, Class<?>> TYPES = Map.of(
            "jint", int.class, "jlong", long.class, "void*", MemorySegment.class, "void", void.class);

    @Test
    void namesTheShapeOfEachDowncall() throws IOException, IllegalAccessException {
        assertThat(shapesInTheFile()).containsExactlyInAnyOrderElementsOf(shapesInTheCode());
    }

    private static Set<MethodType> shapesInTheFile() throws IOException {
        try (InputStream file = ReachabilityMetadataTest.class.getResourceAsStream(FILE)) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return DOWNCALL.matcher(text).results().map(ReachabilityMetadataTest::shape).collect(Collectors.toSet());
        }
    }

    /** As the handle has it: a call whose errno is captured takes a segment for it first. */
    private static MethodType shape(MatchResult downcall) {
        List<Class<?>> parameters = new ArrayList<>();
        if (downcall.group(3) != null && downcall.group(3).contains("\"captureCallState\": true")) {
            parameters.add(MemorySegment.class);
        }
        for (String type : downcall.group(2).split(", ")) {
            if (!type.isEmpty()) {
                parameters.add(TYPES.get(type.replace("\"", "")));
            }
        }
        return MethodType.methodType(TYPES.get(downcall.group(1)), parameters);
    }

    private static Set<MethodType> shapesInTheCode() throws IllegalAccessException {
        List<MethodType> shapes = new ArrayList<>();
        for (FunctionDescriptor plain : List.of(Linux.getpid$descriptor(), Linux.dlerror$descriptor(), Linux.dladdr$descriptor())) {
            shapes.add(plain.toMethodType()); // called as jextract links it
        }
        List<Class<?>> holders = new ArrayList<>(List.of(SystemCalls.class.getDeclaredClasses()));
        holders.addAll(List.of(FileCalls.class.getDeclaredClasses()));
        for (Class<?> holder : holders) {
            for (Field field : holder.getDeclaredFields()) {
                if (field.getType() == MethodHandle.class) {
                    field.setAccessible(true);
                    MethodType type = ((MethodHandle) field.get(null)).type();
                    boolean takesFunction = holder.getSimpleName().equals("Shared");
                    shapes.add(takesFunction ? type.dropParameterTypes(0, 1) : type);
                }
            }
        }
        return Set.copyOf(shapes);
    }
}
