package dev.banos.mem.agent;

import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.function.LongBinaryOperator;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The methods of Unsafe that are moved, and the function of ours that each asks first. */
enum UnsafeMethod {
    ALLOCATE("allocateMemory", MethodTypeDesc.of(CD_long, CD_long), LongUnaryOperator.class, "applyAsLong"),
    REALLOCATE("reallocateMemory", MethodTypeDesc.of(CD_long, CD_long, CD_long), LongBinaryOperator.class, "applyAsLong"),
    FREE("freeMemory", MethodTypeDesc.of(CD_void, CD_long), LongPredicate.class, "test");

    /** As class files have it. */
    static final String OWNER = "sun/misc/Unsafe";
    static final ClassDesc UNSAFE = ClassDesc.ofInternalName(OWNER);

    final String methodName;
    final MethodTypeDesc type;
    /** The interface, whose method takes what Unsafe's does. */
    final Class<?> function;
    final String functionMethod;

    UnsafeMethod(String methodName, MethodTypeDesc type, Class<?> function, String functionMethod) {
        this.methodName = methodName;
        this.type = type;
        this.function = function;
        this.functionMethod = functionMethod;
    }

    /** With the receiver as first parameter: what is on the stack before the call stays as it is. */
    MethodTypeDesc staticType() {
        return type.insertParameterTypes(0, UNSAFE);
    }

    ClassDesc functionClass() {
        return function.describeConstable().orElseThrow();
    }

    MethodTypeDesc functionType() {
        return this == FREE ? type.changeReturnType(CD_boolean) : type;
    }

    /** The one that a constant refers to, or null. */
    static @Nullable UnsafeMethod of(MemberRefEntry called) {
        if (!called.owner().name().equalsString(OWNER)) {
            return null;
        }
        for (UnsafeMethod method : values()) {
            if (called.name().equalsString(method.methodName) && called.type().equalsString(method.type.descriptorString())) {
                return method;
            }
        }
        return null;
    }
}
