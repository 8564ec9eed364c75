package dev.banos.loader;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a function that runs for a microsecond at most and never calls back into Java, nor calls {@code banos_malloc} and its like.
 * The call leaves out the thread's change of state ({@link java.lang.foreign.Linker.Option#critical}). A function that breaks this
 * promise stops or ends the JVM.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Critical {
    /** {@return whether segments of Java's heap may be passed as pointers; they do not move during the call} */
    boolean heap() default false;
}
