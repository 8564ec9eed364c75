package dev.banos.mem.insight;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a management console shows beside an attribute, an operation or a bean. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface Described {
    /** {@return a sentence for the user of the console, with the unit of a number} */
    String value();
}
