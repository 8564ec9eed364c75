package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.RunsObjects;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every type that a prototype can name, through a real call; and every text that is no prototype. */
@RunsObjects
class PrototypeTest {
    @TempDir
    static Path folder;
    @AutoClose
    private static Loader loader;
    private static Driver driver;

    @BeforeAll
    static void install() {
        loader = Loader.create(InstallPolicy.anyUser());
        driver = loader.install(CCompiler.object(folder, "calculator.c", "gcc", "-O2"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "int add(int, int)|2 3|5", "int add(int a, int b);|-2147483648 -1|2147483647", "int add(signed, signed int)|0x10 010|24",
        "signed char narrow(short a, signed char b)|300 100|-112", "int8_t narrow(int16_t,int8_t)|-1 -1|-2",
        "unsigned char octet(unsigned char)|0|255", "uint8_t octet(uint8_t)|255|254",
        "unsigned short half(unsigned short int)|0|65535", "uint16_t half(uint16_t v)|1|0",
        "unsigned word(unsigned)|0|4294967295", "unsigned int word(unsigned int x)|0xffffffff|4294967294",
        "unsigned long long wide(unsigned long long int)|0|18446744073709551615", "uint64_t wide(uint64_t)|1|0",
        "unsigned long wide(long unsigned)|18446744073709551615|18446744073709551614",
        "long long negate(long long)|9223372036854775807|-9223372036854775807", "long negate(long int)|-5|5",
        "int64_t negate(int64_t)|7|-7", "size_t size(size_t n, size_t m)|4294967296 2|8589934592",
        "bool both(bool, _Bool)|true 1|true", "bool both(bool, bool)|true false|false", "char next(char)|a|b", "char next(char c)|126|127",
        "float scale(float a, float b)|1.5 3|4.5", "double mean(double, int, float)|1 2 3|2.0",
        "float scale(float, float)|-inf 2|-Infinity", "float scale(float, float)|nan 1|NaN", "float scale(float, float)|-1e1 0x1p-1|-5.0",
        "const char *pick(int)|2|two", "char const * pick(int which)|1|one", "size_t length(const char *)|hello|5",
        "size_t length(char *text)|héllo|6", "void *same(void *)|0x1234|0x1234", "struct thing *same(const struct thing *p)|NULL|0x0",
        "void forget(void)||", "long many(long, long, long, long, long, long, long, long)|1 1 1 1 1 1 1 1|36",
        "extern int add(const int, register int)|1 1|2"})
    void convertsArgumentsAndPrintsResults(String prototype, String arguments, String expected) {
        List<String> texts = arguments == null ? List.of() : Arrays.asList(arguments.split(" "));
        assertThat(Prototype.parse(prototype).call(driver, texts)).isEqualTo(expected == null ? "" : expected);
    }

    /** What a command line cannot write down has a way all the same. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "struct point mid(int)|type \"struct point\" is not offered; only a Java program can pass it by value: compile the object with -gbtf or -g",
        "int f(const union u value)|type \"union u value\" is not offered; only a Java program can pass it by value",
        "enum color f(void)|type \"enum color\" is not offered; an enum is an int or, where it has no negative constants, an unsigned int",
        "long double f(void)|is not offered; use integers, float, double, const char * or void *"})
    void aTypeThatIsNotOfferedIsRefusedWithTheRemedy(String text, String message) {
        assertThatThrownBy(() -> Prototype.parse(text)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "add", "int add", "int (int)", "add(int)", "int add(int", "int add(strange)", "int add(void, int)",
        "int add(int,,int)", "int add(long char)", "int add(unsigned signed)", "int add(long long long)", "int add(short short)",
        "int add(int) extra", "int add(float float float)", "nothing add(int)", "int add(int [])", "int add(int, ...)", "int f(long double)",
        "int f(unsigned bool)", "int f(short float)", "int f(bool int)", "int f(double long)", "int f(unsigned size_t)",
        "int f(unsigned __int128)", "int f(double _Complex)", "int f(double complex)", "int f(char * double)", "int f(int *a b)",
        "int f(int *a*)", "int f(int if)", "int f(_Float16)", "long double f(int)", "int long(int)", "int size_t(int)"})
    void refusesWhatIsNoPrototype(String text) {
        assertThatThrownBy(() -> Prototype.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prototype=");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "int add(int, int)|2", "int add(int, int)|2 3 4", "int add(int, int)|2 x", "int add(int, int)|2147483648 0",
        "unsigned char octet(unsigned char)|256", "unsigned char octet(unsigned char)|-1", "int8_t narrow(int16_t, int8_t)|0 128",
        "bool both(bool, bool)|yes no", "float scale(float, float)|1 one", "float scale(float, float)|1 2f", "double mean(double, int, float)|1d 2 3", "void *same(void *)|here", "int add(int, int)|1 --2",
        "int add(int, int)|0x 1", "int add(int, int)|09 1", "uint64_t wide(uint64_t)|18446744073709551616"})
    void refusesArgumentsThatAreNoValuesOfTheirType(String prototype, String arguments) {
        assertThatThrownBy(() -> Prototype.parse(prototype).call(driver, Arrays.asList(arguments.split(" "))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("argument");
    }

    @ParameterizedTest
    @ValueSource(strings = {"int subtract(int, int)", "int Add(int, int)"})
    void namesTheExportsThatThereAre(String prototype) {
        assertThatThrownBy(() -> Prototype.parse(prototype).call(driver, List.of("1", "2"))).isInstanceOf(LinkException.class)
                .hasMessageContaining("calculator").hasMessageContaining("add").hasMessageContaining("octet");
    }
}
