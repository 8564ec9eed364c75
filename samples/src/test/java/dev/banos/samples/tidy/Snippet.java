package dev.banos.samples.tidy;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.classfile.ClassModel;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles Java text, so that a rule for classes can be shown a class that breaks it. */
final class Snippet {
    private Snippet() {
    }

    /**
     * Compiles against what the tests run with.
     *
     * @return what the compiler said; empty where it was content
     */
    static String compile(Path into, String... sources) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        List<String> options = List.of("-d", into.toString(), "-cp", classPath(), "-nowarn", "-proc:none");
        compiler.getTask(said, null, null, options, null, Stream.of(sources).map(Snippet::source).toList()).call();
        return said.toString();
    }

    /** What the tests themselves run with: the modules of this build, JUnit and jqwik. */
    private static String classPath() {
        return System.getProperty("jdk.module.path") + File.pathSeparator + System.getProperty("java.class.path");
    }

    static List<ClassModel> classes(Path folder, String... sources) throws IOException {
        compile(folder, sources);
        try (Stream<Path> files = Files.walk(folder)) {
            List<ClassModel> classes = files.filter(file -> file.toString().endsWith(".class")).map(Checkout::parse).toList();
            if (classes.isEmpty()) {
                throw new IllegalStateException("the snippet does not compile: " + compile(folder, sources));
            }
            return classes;
        }
    }

    private static JavaFileObject source(String text) {
        String name = text.replaceFirst("(?s).*?\\b(?:class|interface|record|enum)\\s+(\\w+).*", "$1");
        String folder = text.replaceFirst("(?s)^(?:\\s*package\\s+([\\w.]+);)?.*", "$1").replace('.', '/');
        return new SimpleJavaFileObject(URI.create("string:///" + folder + "/" + name + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
    }
}
