package dev.banos.loader;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The C declaration of a method of a bound interface ({@link Driver#bind}), in the form that {@link Prototype} reads. It is used
 * where the object has no type information of the function; then nothing can check it.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Declaration {
    /** {@return the declaration, {@code "int add(int a, int b)"}} */
    String value();
}
