package dev.banos.loader;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Says, on the method of a callback's interface, which result C gets when the callback throws. Without it, C gets zero. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface OnThrow {
    /** {@return a number; for {@code float} and {@code double} cast to them} */
    long value();
}
