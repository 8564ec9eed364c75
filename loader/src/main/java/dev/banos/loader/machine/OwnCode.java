package dev.banos.loader.machine;

import dev.banos.loader.elf.Elf;
import java.util.List;

/** The few functions of our own that C calls, in the instructions of the machine that this process runs on. */
public abstract class OwnCode {

    /**
     * What a gate reads, by offset in the image.
     *
     * @param function   where it goes on
     * @param afterwards what it returns when the JVM takes no calls any more
     * @param exiting    holds the address of the thread pointer of the thread in {@code exit}
     * @param createdVms {@code JNI_GetCreatedJavaVMs}, or 0
     */
    public record GateFields(int function, int afterwards, int exiting, int createdVms) {
    }

    /**
     * A field that a relocation fills in.
     *
     * @param at     bytes from the function's begin
     * @param type   the relocation's number
     * @param handle whether it is about the module's handle, and not about the function that is called
     * @param addend the relocation's
     */
    public record Field(int at, int type, boolean handle, long addend) {
    }

    /**
     * Code before it is linked.
     *
     * @param code   the instructions, their fields 0
     * @param fields in the order of their places, as many for each function
     */
    public record Unlinked(byte[] code, List<Field> fields) {
    }

    public static OwnCode host() {
        return Architecture.hostMachine() == Elf.EM_AARCH64 ? new Aarch64Code() : new X8664Code();
    }

    /**
     * Writes a function that goes on at another with all arguments as they are, but for one of Java's where no JVM would take the call:
     * for the thread that is in {@code exit}, and where no JVM is.
     *
     * @param at where in the image
     */
    public abstract void gate(Image image, int at, GateFields fields);

    /**
     * Writes a function of one argument that writes the thread pointer to {@code exiting}, unless the argument is what {@code forgotten} holds.
     *
     * @param at where in the image, as the others are
     */
    public abstract void note(Image image, int at, int forgotten, int exiting);

    /**
     * Writes {@code int atexit(function, argument, handle)}: it calls the function that {@code register} holds, first with its own
     * arguments and then with {@code (note, handle + 1, handle + 1)}, and returns the first result.
     *
     * @param at where in the image, as the others are
     */
    public abstract void atexit(Image image, int at, int register, int note);

    /** A function that returns. */
    public abstract byte[] nothing();

    /**
     * A function that goes on at another, with the module's handle as one argument more.
     *
     * @param argument     which one the handle is, from 0
     * @param clearsSecond whether argument 1 becomes 0
     */
    public abstract Unlinked withHandle(int argument, boolean clearsSecond);
}
