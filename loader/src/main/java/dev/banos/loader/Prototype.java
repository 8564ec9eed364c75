package dev.banos.loader;

import dev.banos.loader.types.CType;
import dev.banos.loader.types.Type;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The type of a function as C writes it: {@code int add(int, int)}. It says how Java has to call the function, and calls it
 * with text from a command line. Types are void, bool, char, all integer types with and without sign, the names of
 * {@code <stdint.h>}, {@code size_t} and its like, float, double, {@code const char *}, and pointers to anything.
 *
 * <p>If the object's type information has the function, the prototype must agree with it, in sizes and signs, as C 6.2.7 demands,
 * with three exceptions:
 * <ul>
 * <li>A pointer agrees with any other, but {@code const char *} only with pointers to bytes and to void.</li>
 * <li>The result may be void if nobody wants it.</li>
 * <li>Parameters behind those that a variadic function names stand for its three dots.</li>
 * </ul>
 */
public final class Prototype {
    private static final Pattern FORM = Pattern.compile("\\s*(.*?[\\s*])\\s*([\\p{L}_][\\w\\p{L}]*)\\s*\\((.*)\\)\\s*;?\\s*", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("[\\p{L}_][\\w\\p{L}]*|\\*");
    /** Words of C's and of its compilers' types that no parameter and no function can be called. */
    private static final Set<String> KEYWORDS = Set.of("alignas", "alignof", "auto", "bool", "break", "case", "char", "complex", "const",
            "constexpr", "continue", "default", "do", "double", "else", "enum", "extern", "false", "float", "for", "goto", "if",
            "imaginary", "inline", "int", "long", "nullptr", "register", "restrict", "return", "short", "signed", "sizeof", "static",
            "static_assert", "struct", "switch", "thread_local", "true", "typedef", "typeof", "typeof_unqual", "union", "unsigned",
            "void", "volatile", "while", "__complex__", "__float128", "__float80", "__fp16", "__ibm128", "__int128", "__int128_t",
            "__signed__", "__uint128_t");
    private static final Map<String, CType> NAMED = Map.ofEntries(
            Map.entry("void", CType.VOID), Map.entry("bool", CType.BOOL), Map.entry("_Bool", CType.BOOL),
            Map.entry("float", CType.FLOAT), Map.entry("double", CType.DOUBLE),
            Map.entry("int8_t", CType.INT8), Map.entry("int16_t", CType.INT16), Map.entry("int32_t", CType.INT32),
            Map.entry("int64_t", CType.INT64), Map.entry("uint8_t", CType.UINT8), Map.entry("uint16_t", CType.UINT16),
            Map.entry("uint32_t", CType.UINT32), Map.entry("uint64_t", CType.UINT64),
            Map.entry("size_t", CType.UINT64), Map.entry("ssize_t", CType.INT64), Map.entry("ptrdiff_t", CType.INT64),
            Map.entry("intptr_t", CType.INT64), Map.entry("uintptr_t", CType.UINT64), Map.entry("off_t", CType.INT64));

    private final String name;
    private final CType result;
    private final List<CType> parameters;

    private Prototype(String name, CType result, List<CType> parameters) {
        this.name = name;
        this.result = result;
        this.parameters = parameters;
    }

    /**
     * Reads a prototype in C's syntax, with or without the names of parameters, without a semicolon.
     *
     * @param text {@code "int add(int, int)"}
     * @return the type
     * @throws IllegalArgumentException if the text is no prototype, or has a type that is not offered
     */
    public static Prototype parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("prototype=" + text + " has not the form \"int add(int, int)\"");
        }
        if (isOfTypes(form.group(2))) {
            throw new IllegalArgumentException("prototype=" + text + ": no function is called " + form.group(2));
        }
        List<CType> parameters = new ArrayList<>();
        String list = form.group(3).strip();
        if (!list.isEmpty() && !list.equals("void")) {
            for (String parameter : list.split(",", -1)) {
                parameters.add(parameter(parameter, text));
            }
        }
        return new Prototype(form.group(2), type(form.group(1), text, false), List.copyOf(parameters));
    }

    private static CType parameter(String declaration, String text) {
        CType type = type(declaration, text, true);
        if (type == CType.VOID) {
            throw new IllegalArgumentException("prototype=" + text + ": a parameter cannot be void");
        }
        return type;
    }

    /** @param mayBeNamed whether the last word may be a parameter's name */
    private static CType type(String declaration, String text, boolean mayBeNamed) {
        List<String> words = words(declaration, text);
        int pointers = (int) words.stream().filter("*"::equals).count();
        int behind = words.size() - 1 - words.lastIndexOf("*");
        boolean isName = behind == 0 || behind == 1 && mayBeNamed && !isOfTypes(words.getLast());
        if (pointers > 0 && !(isName && words.indexOf("*") + pointers + behind == words.size())) {
            throw new IllegalArgumentException("prototype=" + text + ": what is \"" + declaration.strip() + "\"?");
        }
        if (pointers > 0) {
            List<String> pointee = words.subList(0, words.indexOf("*"));
            boolean characters = pointers == 1 && pointee.equals(List.of("char"));
            return characters ? CType.STRING : CType.POINTER;
        }
        return arithmetic(words, text, mayBeNamed);
    }

    private static List<String> words(String declaration, String text) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(declaration);
        int end = 0;
        while (word.find()) {
            requireBlank(declaration.substring(end, word.start()), text);
            end = word.end();
            switch (word.group()) {
                case "const", "volatile", "restrict", "extern", "static", "inline", "register" -> { }
                default -> words.add(word.group());
            }
        }
        requireBlank(declaration.substring(end), text);
        if (words.isEmpty() || words.getFirst().equals("*")) {
            throw new IllegalArgumentException("prototype=" + text + ": a type is missing");
        }
        return words;
    }

    private static void requireBlank(String between, String text) {
        if (!between.isBlank()) {
            throw new IllegalArgumentException("prototype=" + text + ": what is \"" + between.strip() + "\"?");
        }
    }

    private static CType arithmetic(List<String> words, String text, boolean mayBeNamed) {
        CType named = NAMED.get(words.getFirst());
        boolean isNamed = mayBeNamed && words.size() > 1 && !isOfTypes(words.getLast());
        if (named != null && words.size() - (isNamed ? 1 : 0) == 1) {
            return named;
        }
        Map<String, Integer> count = new HashMap<>();
        int used = 0;
        while (used < words.size() && isIntegerWord(words.get(used))) {
            count.merge(words.get(used++), 1, Integer::sum);
        }
        if (used == 0 || words.size() - used > (isNamed ? 1 : 0)) {
            throw new IllegalArgumentException("prototype=" + text + ": type \"" + String.join(" ", words) + "\" is not offered; "
                    + remedy(words));
        }
        return integer(count, text);
    }

    /** A name that begins with an underscore and a capital letter is the compiler's: _Complex, _BitInt, _Float16. */
    private static boolean isOfTypes(String word) {
        return KEYWORDS.contains(word) || NAMED.containsKey(word)
                || word.length() > 1 && word.charAt(0) == '_' && Character.isUpperCase(word.charAt(1));
    }

    private static String remedy(List<String> words) {
        if (words.getFirst().equals("enum")) {
            return "an enum is an int or, where it has no negative constants, an unsigned int";
        }
        if (words.getFirst().equals("struct") || words.getFirst().equals("union")) {
            return "only a Java program can pass it by value: compile the object with -gbtf or -g, and call handle(\"NAME\") or bind(...)"
                    + " of the Driver or LinkedLibrary, or handle(...) with a FunctionDescriptor; a pointer to it is void *";
        }
        return "use integers, float, double, const char * or void *";
    }

    private static boolean isIntegerWord(String word) {
        return switch (word) {
            case "char", "short", "int", "long", "signed", "unsigned" -> true;
            default -> false;
        };
    }

    private static CType integer(Map<String, Integer> count, String text) {
        boolean unsigned = count.containsKey("unsigned");
        boolean signed = count.containsKey("signed");
        int longs = count.getOrDefault("long", 0);
        boolean isChar = count.containsKey("char");
        boolean isShort = count.containsKey("short");
        boolean contradiction = unsigned && signed || longs > 2 || isChar && (isShort || longs > 0 || count.containsKey("int"))
                || isShort && longs > 0;
        boolean repeated = count.entrySet().stream().anyMatch(entry -> entry.getValue() > 1 && !entry.getKey().equals("long"));
        if (contradiction || repeated) {
            throw new IllegalArgumentException("prototype=" + text + ": contradicting words in a type");
        }
        if (isChar) {
            return unsigned ? CType.UINT8 : signed ? CType.INT8 : CType.CHAR;
        }
        if (isShort) {
            return unsigned ? CType.UINT16 : CType.INT16;
        }
        if (longs > 0) {
            return unsigned ? CType.UINT64 : CType.INT64;
        }
        return unsigned ? CType.UINT32 : CType.INT32;
    }

    /** {@return the function's name} */
    public String name() {
        return name;
    }

    /** {@return how many parameters it has; 0 for {@code (void)}} */
    public int parameterCount() {
        return parameters.size();
    }

    /**
     * The type as {@link java.lang.foreign.Linker} takes it. It has no unsigned bytes and shorts: see
     * {@link Export#handle(FunctionDescriptor)}.
     *
     * @return the type
     */
    public FunctionDescriptor descriptor() {
        MemoryLayout[] layouts = parameters.stream().map(CType::layout).toArray(MemoryLayout[]::new);
        return result == CType.VOID ? FunctionDescriptor.ofVoid(layouts) : FunctionDescriptor.of(result.layout(), layouts);
    }

    CType result() {
        return result;
    }

    List<CType> parameters() {
        return parameters;
    }

    /** The same type as an object's type information would have it. */
    TypeSource.Typed typed() {
        List<Type> types = new ArrayList<>();
        parameters.forEach(parameter -> types.add(parameter.type()));
        return TypeSource.Typed.ofScalars("the prototype of " + name, name, result.type(), types);
    }

    /**
     * Calls the driver's export of this name.
     *
     * @param driver one with an export of this name
     * @param arguments one text for each parameter; strings live during the call
     * @return the result as text, empty for void
     * @throws IllegalArgumentException if there are too few or too many arguments, or one is no value of its type
     * @throws LinkException if the driver exports no such name, or the object says another type; the message says how they differ
     */
    public String call(Driver driver, List<String> arguments) {
        return call(driver.export(name), arguments);
    }

    /**
     * Calls an export of any name, as {@link #call(Driver, List)}.
     *
     * @param export a function of this type
     * @param arguments as {@link #call(Driver, List)}
     * @return the result as text, empty for void
     * @throws IllegalArgumentException as {@link #call(Driver, List)}
     * @throws LinkException if it is a variable, or the object says another type
     */
    public String call(Export export, List<String> arguments) {
        return call(export.handle(this), arguments);
    }

    /**
     * Calls the library's symbol of this name, as {@link #call(Driver, List)}.
     *
     * @param library one that defines this name
     * @param arguments as {@link #call(Driver, List)}
     * @return the result as text, empty for void
     * @throws IllegalArgumentException as {@link #call(Driver, List)}
     * @throws LinkException if no object of the library defines it, or it says another type
     */
    public String call(LinkedLibrary library, List<String> arguments) {
        return call(library.handle(this), arguments);
    }

    private String call(MethodHandle handle, List<String> arguments) {
        if (arguments.size() != parameters.size()) {
            throw new IllegalArgumentException("arguments=" + arguments.size() + ": " + name + " takes " + parameters.size());
        }
        try (Arena scope = Arena.ofConfined()) {
            Object[] values = new Object[parameters.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = parameters.get(i).parse(arguments.get(i), scope);
            }
            Object value = invoke(handle, values);
            return value == null ? "" : result.print(value);
        }
    }

    private static @Nullable Object invoke(MethodHandle handle, Object[] values) {
        try {
            return handle.invokeWithArguments(values);
        } catch (RuntimeException | Error refused) {
            throw refused;
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall throws nothing", thrown);
        }
    }
}
