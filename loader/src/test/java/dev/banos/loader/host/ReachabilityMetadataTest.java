package dev.banos.loader.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.libc.pthread.DriverExports;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A native image has a stub for each shape that its metadata names: of what drivers import from the host, none may be missing. */
class ReachabilityMetadataTest {
    private static final String FILE = "/META-INF/native-image/dev.banos/banos-loader/reachability-metadata.json";
    private static final Pattern SHAPE = Pattern.compile("\"returnType\": \"([^\"]+)\", \"parameterTypes\": \\[([^\\]]*)\\]");
    private static final Map<String, Class<?>> TYPES = Map.of("jint", int.class, "jlong", long.class, "void*", MemorySegment.class,
            "void", void.class);

    @Test
    void namesTheShapeOfEachFunctionForDrivers() throws IOException {
        Set<MethodType> shapes = new HashSet<>();
        DriverExports.all().forEach(export -> shapes.add(export.descriptor().toMethodType()));
        MallocFunctions.BY_NAME.values().forEach(descriptor -> shapes.add(descriptor.toMethodType()));
        shapes.add(FunctionDescriptor.ofVoid(ValueLayout.ADDRESS).toMethodType()); // banos_dprintln
        shapes.add(FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS).toMethodType()); // banos_lookup_symbol
        assertThat(upcalls()).containsExactlyInAnyOrderElementsOf(shapes);
    }

    private static Set<MethodType> upcalls() throws IOException {
        try (InputStream file = ReachabilityMetadataTest.class.getResourceAsStream(FILE)) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return SHAPE.matcher(text.substring(text.indexOf("\"upcalls\""))).results().map(ReachabilityMetadataTest::type)
                    .collect(Collectors.toSet());
        }
    }

    private static MethodType type(MatchResult shape) {
        return MethodType.methodType(TYPES.get(shape.group(1)), Stream.of(shape.group(2).split(", ")).filter(name -> !name.isEmpty())
                .map(name -> TYPES.get(name.replace("\"", ""))).<Class<?>>map(type -> type).toList());
    }
}
