package dev.banos.loader;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** On the method of a callback's interface: what C gets for a result when the callback throws. Without it, that is zero. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface OnThrow {
    /** {@return a number; for {@code float} and {@code double} cast to them} */
    long value();
}
