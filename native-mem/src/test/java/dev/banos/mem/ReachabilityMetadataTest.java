package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The functions that C is given are made with types that are computed: a native image needs each of them named. */
class ReachabilityMetadataTest {
    private static final String FILE = "/META-INF/native-image/dev.banos/banos-native-mem/reachability-metadata.json";
    private static final Pattern SHAPE = Pattern.compile("\"returnType\": \"(\\w+)\", \"parameterTypes\": \\[([^\\]]*)\\]");
    private static final Map<String, Class<?>> TYPES = Map.of("jint", int.class, "jlong", long.class, "void", void.class);

    @Test
    void namesTheTypeOfEachFunctionForC() throws IOException {
        List<MethodType> types = new ArrayList<>();
        MallocPointers plain = MallocPointers.ofMalloc();
        for (MallocPointers kind : List.of(plain, plain.withIntSizes(), plain.withContext(), plain.withContext().withIntSizes())) {
            for (MallocPointers.Function function : MallocPointers.Function.values()) {
                types.add(kind.target(function).type());
            }
        }
        assertThat(upcalls()).containsExactlyInAnyOrderElementsOf(Set.copyOf(types));
    }

    private static Set<MethodType> upcalls() throws IOException {
        try (InputStream file = ReachabilityMetadataTest.class.getResourceAsStream(FILE)) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return SHAPE.matcher(text.substring(text.indexOf("\"upcalls\""))).results().map(ReachabilityMetadataTest::type)
                    .collect(Collectors.toSet());
        }
    }

    private static MethodType type(MatchResult shape) {
        List<Class<?>> parameters = new ArrayList<>();
        for (String name : shape.group(2).split(", ")) {
            parameters.add(TYPES.get(name.replace("\"", "")));
        }
        return MethodType.methodType(TYPES.get(shape.group(1)), parameters);
    }
}
