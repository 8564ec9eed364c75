package dev.banos.samples.tidy;

import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Who uses whom, by package; with one pair of classes as the example of each arrow. */
final class PackageGraph {
    private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L([^;<]+)[;<]");

    private final Map<String, Map<String, String>> arrows = new TreeMap<>();

    static PackageGraph of(List<ClassModel> types) {
        PackageGraph graph = new PackageGraph();
        Set<String> ours = new HashSet<>();
        types.forEach(type -> ours.add(type.thisClass().asInternalName())); // another's class in a package that we also have is not
        for (ClassModel type : types) {
            String from = type.thisClass().asInternalName();
            for (String to : references(type)) {
                if (ours.contains(to) && !packageOf(to).equals(packageOf(from))) {
                    graph.arrows.computeIfAbsent(packageOf(from), _ -> new TreeMap<>())
                            .putIfAbsent(packageOf(to), simple(from) + " uses " + simple(to));
                }
            }
        }
        return graph;
    }

    /** Every class that a class names: in code, in fields, in signatures. Internal names, with slashes. */
    static Set<String> references(ClassModel type) {
        Set<String> names = new TreeSet<>();
        for (PoolEntry entry : type.constantPool()) {
            if (entry instanceof ClassEntry named) {
                addTypes(named.asInternalName().startsWith("[") ? named.asInternalName() : "L" + named.asInternalName() + ";", names);
            } else if (entry instanceof NameAndTypeEntry member) {
                addTypes(member.type().stringValue(), names);
            }
        }
        type.fields().forEach(field -> addTypes(field.fieldType().stringValue(), names));
        type.methods().forEach(method -> addTypes(method.methodType().stringValue(), names));
        return names;
    }

    /** One line for each arrow that lies on a cycle. */
    List<String> cycles() {
        return arrows.entrySet().stream()
                .flatMap(from -> from.getValue().entrySet().stream()
                        .filter(to -> reaches(to.getKey(), from.getKey()))
                        .map(to -> from.getKey() + " -> " + to.getKey() + " (" + to.getValue() + ")"))
                .toList();
    }

    /**
     * One line for each arrow that does not lead down.
     *
     * @param rows packages, from the top down
     */
    List<String> uphill(List<List<String>> rows) {
        return arrows.entrySet().stream()
                .flatMap(from -> from.getValue().entrySet().stream()
                        .filter(to -> row(rows, to.getKey()) <= row(rows, from.getKey()))
                        .map(to -> from.getKey() + " -> " + to.getKey() + " (" + to.getValue() + ")"))
                .toList();
    }

    private static int row(List<List<String>> rows, String name) {
        for (int row = 0; row < rows.size(); row++) {
            if (rows.get(row).contains(name)) {
                return row;
            }
        }
        throw new IllegalArgumentException("package=" + name + " stands in none of " + rows);
    }

    private boolean reaches(String start, String goal) {
        Set<String> seen = new HashSet<>();
        Deque<String> next = new ArrayDeque<>(List.of(start));
        while (!next.isEmpty()) {
            String at = next.pop();
            if (at.equals(goal)) {
                return true;
            }
            if (seen.add(at)) {
                next.addAll(arrows.getOrDefault(at, Map.of()).keySet());
            }
        }
        return false;
    }

    private static void addTypes(String descriptor, Set<String> names) {
        for (Matcher types = TYPE_IN_DESCRIPTOR.matcher(descriptor); types.find(); ) {
            names.add(types.group(1));
        }
    }

    private static String packageOf(String internalName) {
        return internalName.substring(0, Math.max(0, internalName.lastIndexOf('/'))).replace('/', '.');
    }

    private static String simple(String internalName) {
        return internalName.substring(internalName.lastIndexOf('/') + 1);
    }
}
