package dev.banos.samples.tidy;

import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** What can be seen in a compiled class. Each rule returns the places that break it. */
final class ClassRules {
    /** How a VarHandle is born; each of these gives one that converts its arguments silently. */
    private static final Set<String> HANDLE_SOURCES = Set.of("varHandle", "arrayElementVarHandle", "findVarHandle",
            "findStaticVarHandle", "byteArrayViewVarHandle", "byteBufferViewVarHandle");

    private ClassRules() {
    }

    static List<String> unsafeOrJni(ClassModel type) {
        List<String> places = new ArrayList<>();
        if (PackageGraph.references(type).contains("sun/misc/Unsafe")) {
            places.add(name(type) + " uses sun.misc.Unsafe");
        }
        for (MethodModel method : type.methods()) {
            if (method.flags().has(AccessFlag.NATIVE)) {
                places.add(name(type, method) + " is native");
            }
            if (!calls(method, ClassRules::loadsLibrary).isEmpty()) {
                places.add(name(type, method) + " loads a native library");
            }
        }
        return places;
    }

    /** Every handle made in a method is made exact there: a wrong argument type is then an error and not a slow path. */
    static List<String> inexactVarHandles(ClassModel type) {
        List<String> places = new ArrayList<>();
        for (MethodModel method : type.methods()) {
            int made = calls(method, ClassRules::makesVarHandle).size();
            int exact = calls(method, call -> call.name().equalsString("withInvokeExactBehavior")).size();
            if (made > exact) {
                places.add(name(type, method) + " makes " + made + " VarHandles, " + exact + " of them exact");
            }
        }
        return places;
    }

    static List<String> inexactMethodHandleCalls(ClassModel type) {
        return type.methods().stream()
                .filter(method -> !calls(method, ClassRules::invokesInexactly).isEmpty())
                .map(method -> name(type, method) + " calls MethodHandle.invoke, not invokeExact")
                .toList();
    }

    /** Of a class initialiser the JVM tries none again, with or without a lambda. */
    static List<String> lambdas(ClassModel type) {
        return type.methods().stream()
                .filter(method -> !method.methodName().equalsString("<clinit>") && linksLambda(method))
                .map(method -> name(type, method) + " has a lambda or a method reference")
                .toList();
    }

    private static boolean linksLambda(MethodModel method) {
        return method.code().stream().flatMap(CodeModel::elementStream)
                .anyMatch(element -> element instanceof InvokeDynamicInstruction dynamic
                        && dynamic.bootstrapMethod().owner().displayName().equals("LambdaMetafactory"));
    }

    /** Class initialisers are tables and constants; they are no methods that somebody steps through. */
    static List<LongMethod> methodsLongerThan(int lines, ClassModel type) {
        return type.methods().stream()
                .filter(method -> !method.methodName().equalsString("<clinit>"))
                .map(method -> new LongMethod(name(type, method), lines(method)))
                .filter(method -> method.lines() > lines)
                .toList();
    }

    /** From the first line that has code to the last. */
    record LongMethod(String name, int lines) {
    }

    /** A constructor also has the lines of the fields' initialisers, wherever they stand: its lines are counted one by one. */
    private static int lines(MethodModel method) {
        if (method.flags().has(AccessFlag.SYNTHETIC) || method.code().isEmpty()) {
            return 0;
        }
        int[] numbers = method.code().get().elementStream()
                .filter(LineNumber.class::isInstance)
                .mapToInt(element -> ((LineNumber) element).line())
                .sorted().distinct().toArray();
        boolean constructor = method.methodName().equalsString("<init>");
        return constructor || numbers.length == 0 ? numbers.length : numbers[numbers.length - 1] - numbers[0] + 1;
    }

    private static List<InvokeInstruction> calls(MethodModel method, Predicate<InvokeInstruction> wanted) {
        List<InvokeInstruction> found = new ArrayList<>();
        CodeModel code = method.code().orElse(null);
        if (code != null) {
            for (CodeElement element : code) {
                if (element instanceof InvokeInstruction call && wanted.test(call)) {
                    found.add(call);
                }
            }
        }
        return found;
    }

    private static boolean makesVarHandle(InvokeInstruction call) {
        return HANDLE_SOURCES.contains(call.name().stringValue())
                && call.type().stringValue().endsWith(")Ljava/lang/invoke/VarHandle;")
                && call.owner().asInternalName().startsWith("java/lang/");
    }

    private static boolean invokesInexactly(InvokeInstruction call) {
        return call.owner().asInternalName().equals("java/lang/invoke/MethodHandle") && call.name().equalsString("invoke");
    }

    private static boolean loadsLibrary(InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        return (owner.equals("java/lang/System") || owner.equals("java/lang/Runtime"))
                && (call.name().equalsString("load") || call.name().equalsString("loadLibrary"));
    }

    private static String name(ClassModel type) {
        return type.thisClass().asInternalName().replace('/', '.');
    }

    private static String name(ClassModel type, MethodModel method) {
        return name(type) + "." + method.methodName().stringValue();
    }
}
