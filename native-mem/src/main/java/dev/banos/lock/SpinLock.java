package dev.banos.lock;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.banos.bindings.Native;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A lock that never parks: held for tens of nanoseconds, rarely for a system call. A waiter spins, then gives its
 * processor away. Not reentrant.
 *
 * <p>The processor is given away through the kernel, not with {@link Thread#yield}: that would unmount a virtual thread,
 * and one that is unmounted while it holds a lock may not be scheduled again as long as others wait for the lock (the
 * scheduler prefers the queue that the waiters keep full). So code under this lock must not use a monitor either.
 */
public final class SpinLock {
    private static final int SPINS_BEFORE_YIELD = 64;
    private static final VarHandle HELD = handle();

    /**
     * Linked by the first who waits long: a JVM that has just started takes tens of milliseconds for it. Not in a class that holds it,
     * which would be lost for good where that one had too little stack, or Java's heap too little room.
     */
    private static volatile @Nullable MethodHandle schedYield;

    /** Volatile for the last resort of {@link #unlock}; all else goes through HELD. */
    private volatile int held;

    public boolean tryLock() {
        return take();
    }

    public void lock() {
        if (!tryLock()) {
            lockSlow();
        }
    }

    /** Never throws: where there is no stack for the handle, which takes several frames in the interpreter, the field is written. */
    public void unlock() {
        try {
            HELD.setRelease(this, 0);
        } catch (StackOverflowError atTheEnd) {
            held = 0;
        }
    }

    private void lockSlow() {
        int spins = 0;
        do {
            pause(++spins);
        } while (!tryLock());
    }

    /** What a waiter does between its tries. Where too little is left to give the processor away, it spins, and tries that again later. */
    public static void pause(int tries) {
        if (tries % SPINS_BEFORE_YIELD != 0) {
            Thread.onSpinWait();
            return;
        }
        try {
            MethodHandle linked = schedYield;
            int ignored = (int) (linked == null ? link() : linked).invokeExact(); // never fails on Linux
        } catch (Error tooLittleLeft) {
            Thread.onSpinWait();
        } catch (Throwable thrown) {
            throw new AssertionError("sched_yield", thrown);
        }
    }

    /** Two who come here at once link it twice. */
    private static MethodHandle link() {
        MethodHandle linked = Native.downcall(Linker.nativeLinker().defaultLookup().findOrThrow("sched_yield").address(),
                FunctionDescriptor.of(JAVA_INT));
        schedYield = linked;
        return linked;
    }

    /**
     * Where there is a page of stack left, and else it is a {@link StackOverflowError} before the lock is taken: so there is enough for
     * {@link #unlock}, whichever of these and of their callers are compiled by then, and are not any more when an error goes through them.
     * The interpreter needs a page for these locals, which nobody uses. Compiled code looks when it is entered whether there is as much
     * stack as the interpreter needs to go on from within it, which may be anywhere in this loop, and costs nothing more.
     */
    private boolean take() {
        long aa, ab, ac, ad, ae, af, ag, ah, ai, aj, ak, al, am, an, ao, ap, ba, bb, bc, bd, be, bf, bg, bh, bi, bj, bk, bl, bm, bn, bo, bp,
                ca, cb, cc, cd, ce, cf, cg, ch, ci, cj, ck, cl, cm, cn, co, cp, da, db, dc, dd, de, df, dg, dh, di, dj, dk, dl, dm, dn, dp, ea,
                eb, ec, ed, ee, ef, eg, eh, ei, ej, ek, el, em, en, eo, ep, fa, fb, fc, fd, fe, ff, fg, fh, fi, fj, fk, fl, fm, fn, fo, fp, ga,
                gb, gc, gd, ge, gf, gg, gh, gi, gj, gk, gl, gm, gn, go, gp, ha, hb, hc, hd, he, hf, hg, hh, hi, hj, hk, hl, hm, hn, ho, hp, ia,
                ib, ic, id, ie, ig, ih, ii, ij, ik, il, im, in, io, ip, ja, jb, jc, jd, je, jf, jg, jh, ji, jj, jk, jl, jm, jn, jo, jp, ka, kb,
                kc, kd, ke, kf, kg, kh, ki, kj, kk, kl, km, kn, ko, kp, la, lb, lc, ld, le, lf, lg, lh, li, lj, lk, ll, lm, ln, lo, lp, ma, mb,
                mc, md, me, mf, mg, mh, mi, mj, mk, ml, mm, mn, mo, mp, na, nb, nc, nd, ne, nf, ng, nh, ni, nj, nk, nl, nm, nn, no, np, oa, ob,
                oc, od, oe, of, og, oh, oi, oj, ok, ol, om, on, oo, op, pa, pb, pc, pd, pe, pf, pg, ph, pi, pj, pk, pl, pm, pn, po, pp, qa, qb,
                qc, qd, qe, qf, qg, qh, qi, qj, qk, ql, qm, qn, qo, qp;
        do {
            if ((int) HELD.getOpaque(this) != 0) {
                return false;
            }
        } while (!HELD.weakCompareAndSet(this, 0, 1));
        return true;
    }

    private static VarHandle handle() {
        try {
            return MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
