package dev.banos.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Runs machine code that a compiler makes, on the machines where the loader does. */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@EnabledIfSystemProperty(named = "os.arch", matches = "amd64|aarch64", disabledReason = "skipped: objects run on x86-64 and aarch64 only")
public @interface RunsObjects {
}
