package dev.banos.mem.agent.boot;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The modules in the folders of {@code modules/} of the jar, read as a whole when the agent starts: under 1 MB. Classes of the
 * agent are first needed in whatever thread of the program allocates or frees in some way for the first time. Were they read
 * then, that thread's interrupt, or a new jar in the place of this one, would end the agent for all threads.
 */
final class JarModules implements ModuleFinder {
    private static final String FOLDER = "modules/";
    private static final String DESCRIPTOR = "module-info.class";

    private final Map<String, ModuleReference> modules;

    private JarModules(Map<String, ModuleReference> modules) {
        this.modules = modules;
    }

    static JarModules read(Path jar) throws IOException {
        Map<String, Map<String, byte[]>> contents = new TreeMap<>();
        try (ZipFile file = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(file.entries())) {
                String[] parts = entry.getName().split("/", 3); // folder, module, name
                if (entry.getName().startsWith(FOLDER) && !entry.isDirectory() && parts.length == 3) {
                    try (InputStream content = file.getInputStream(entry)) {
                        contents.computeIfAbsent(parts[1], name -> new TreeMap<>()).put(parts[2], content.readAllBytes());
                    }
                }
            }
        }
        Map<String, ModuleReference> modules = new TreeMap<>();
        for (Map.Entry<String, Map<String, byte[]>> module : contents.entrySet()) {
            modules.put(module.getKey(), reference("jar:" + jar.toUri() + "!/" + FOLDER + module.getKey() + "/", module.getValue()));
        }
        return new JarModules(modules);
    }

    private static ModuleReference reference(String place, Map<String, byte[]> content) throws IOException {
        InputStream descriptorFile = new ByteArrayInputStream(Objects.requireNonNull(content.get(DESCRIPTOR), place));
        ModuleDescriptor descriptor = ModuleDescriptor.read(descriptorFile,
                () -> packages(content.keySet()));
        return new ModuleReference(descriptor, URI.create(place)) {
            @Override
            public ModuleReader open() {
                return new Reader(place, content);
            }
        };
    }

    private static Set<String> packages(Set<String> names) {
        return names.stream().filter(name -> name.endsWith(".class") && name.contains("/"))
                .map(name -> name.substring(0, name.lastIndexOf('/')).replace('/', '.')).collect(Collectors.toCollection(HashSet::new));
    }

    @Override
    public Optional<ModuleReference> find(String name) {
        return Optional.ofNullable(modules.get(name));
    }

    @Override
    public Set<ModuleReference> findAll() {
        return Set.copyOf(modules.values());
    }

    /** Of memory: there is nothing to close. */
    private static final class Reader implements ModuleReader {
        private final String place;
        private final Map<String, byte[]> content;

        Reader(String place, Map<String, byte[]> content) {
            this.place = place;
            this.content = content;
        }

        @Override
        public Optional<URI> find(String name) {
            return content.containsKey(name) ? Optional.of(URI.create(place + name)) : Optional.empty();
        }

        @Override
        public Optional<InputStream> open(String name) {
            return Optional.ofNullable(content.get(name)).map(ByteArrayInputStream::new);
        }

        @Override
        public Optional<ByteBuffer> read(String name) {
            return Optional.ofNullable(content.get(name)).map(ByteBuffer::wrap);
        }

        @Override
        public Stream<String> list() {
            return content.keySet().stream();
        }

        @Override
        public void close() {
        }
    }
}
