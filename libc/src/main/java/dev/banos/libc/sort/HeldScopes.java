package dev.banos.libc.sort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sorts memory whose scope another thread, or the garbage collector, could end meanwhile. The one public means to hold a
 * scope open is to pass its segment to a native function; so the sort runs as the native function, called back:
 *
 * <pre>
 *   sort  ---downcall, holds both scopes--->  stub  ---upcall--->  run: the same sort on the same addresses
 * </pre>
 *
 * This adds up to two tenths of a microsecond, once; checked access would add a quarter to every pass.
 *
 * <p>An exception that left the upcall would end the process. So nothing is allocated from the downcall to the return but by the sort
 * itself, what the way there needs to be linked is linked before, and before each downcall there is a look whether the stack reaches.
 */
final class HeldScopes {
    /** In place of the size of a record. */
    private static final long NUMBERS = 0;
    private static final long NUMBERS_IN_PLACE = -1;
    private static final long RECORDS = -2;
    /** No sort at all. */
    private static final long NOTHING = -3;

    /** After 127 calls, an invoker makes its method handle a form of its own (java.lang.invoke.MethodHandle.CUSTOMIZE_THRESHOLD). */
    private static final int CALLS_UNTIL_LINKED = 256;

    private static final Key[] KEYS = Key.values();

    private static final int DONE = 0;
    private static final int FAILED = 1;

    /** What one thread's sort cannot pass through C; there before the downcall. */
    private static final class Errand {
        @Nullable RecordElements records;
        /** What ended the sort by surprise. */
        @Nullable Throwable thrown;
    }

    private static final ThreadLocal<Errand> ERRANDS = ThreadLocal.withInitial(Errand::new);

    private static final MethodHandle SORT = link();

    /** Nobody sets it. */
    private static volatile boolean waits;

    static {
        for (int i = 0; i < CALLS_UNTIL_LINKED; i++) {
            invoke(Key.I64, MemorySegment.NULL, MemorySegment.NULL, NOTHING);
        }
    }

    private HeldScopes() {
    }

    static void sort(Key key, MemorySegment data, MemorySegment temporary) {
        Scratch.COUNTERS.prepare();
        call(key, data, temporary, NUMBERS, ERRANDS.get());
    }

    static void sortInPlace(Key key, MemorySegment data) {
        Scratch.IN_PLACE.prepare();
        call(key, data, data, NUMBERS_IN_PLACE, ERRANDS.get());
    }

    static void sort(RecordElements records, MemorySegment data, MemorySegment temporary) {
        Scratch.COUNTERS.prepare();
        Errand errand = ERRANDS.get();
        errand.records = records;
        try {
            call(records.key, data, temporary, RECORDS, errand);
        } finally {
            errand.records = null;
        }
    }

    private static void call(Key key, MemorySegment data, MemorySegment temporary, long what, Errand errand) {
        requireStack();
        if (invoke(key, data, temporary, what) == FAILED) {
            Throwable cause = errand.thrown;
            errand.thrown = null;
            throw new IllegalStateException("the sort was interrupted; its data is incomplete", cause);
        }
    }

    private static int invoke(Key key, MemorySegment data, MemorySegment temporary, long what) {
        try {
            return (int) SORT.invokeExact(key.ordinal(), data, temporary, data.byteSize(), what);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall declares no exception", thrown);
        }
    }

    /**
     * Where two pages of stack are left, and else it is a {@link StackOverflowError} before anything is touched. From a sort's call
     * to the handler in {@link #run} it takes less, in the interpreter too, whose frames are the largest. The interpreter needs two pages
     * for these locals, which nobody uses; compiled code looks when it is entered whether there is as much as the interpreter needs to
     * go on from within this loop.
     */
    private static void requireStack() {
        long aa, ab, ac, ad, ae, af, ag, ah, ai, aj, ak, al, am, an, ao, ap, aq, ar, as, at, au, av, aw, ax, ay, az, a0, a1, a2, a3, a4, a5, a6,
                a7, a8, a9, ba, bb, bc, bd, be, bf, bg, bh, bi, bj, bk, bl, bm, bn, bo, bp, bq, br, bs, bt, bu, bv, bw, bx, by, bz, b0, b1, b2,
                b3, b4, b5, b6, b7, b8, b9, ca, cb, cc, cd, ce, cf, cg, ch, ci, cj, ck, cl, cm, cn, co, cp, cq, cr, cs, ct, cu, cv, cw, cx, cy,
                cz, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, da, db, dc, dd, de, df, dg, dh, di, dj, dk, dl, dm, dn, dp, dq, dr, ds, dt, du, dv,
                dw, dx, dy, dz, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, ea, eb, ec, ed, ee, ef, eg, eh, ei, ej, ek, el, em, en, eo, ep, eq, er,
                es, et, eu, ev, ew, ex, ey, ez, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, fa, fb, fc, fd, fe, ff, fg, fh, fi, fj, fk, fl, fm, fn,
                fo, fp, fq, fr, fs, ft, fu, fv, fw, fx, fy, fz, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, ga, gb, gc, gd, ge, gf, gg, gh, gi, gj,
                gk, gl, gm, gn, go, gp, gq, gr, gs, gt, gu, gv, gw, gx, gy, gz, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, ha, hb, hc, hd, he, hf,
                hg, hh, hi, hj, hk, hl, hm, hn, ho, hp, hq, hr, hs, ht, hu, hv, hw, hx, hy, hz, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, ia, ib,
                ic, id, ie, ig, ih, ii, ij, ik, il, im, in, io, ip, iq, ir, is, it, iu, iv, iw, ix, iy, iz, i0, i1, i2, i3, i4, i5, i6, i7, i8,
                i9, ja, jb, jc, jd, je, jf, jg, jh, ji, jj, jk, jl, jm, jn, jo, jp, jq, jr, js, jt, ju, jv, jw, jx, jy, jz, j0, j1, j2, j3, j4,
                j5, j6, j7, j8, j9, ka, kb, kc, kd, ke, kf, kg, kh, ki, kj, kk, kl, km, kn, ko, kp, kq, kr, ks, kt, ku, kv, kw, kx, ky, kz, k0,
                k1, k2, k3, k4, k5, k6, k7, k8, k9, la, lb, lc, ld, le, lf, lg, lh, li, lj, lk, ll, lm, ln, lo, lp, lq, lr, ls, lt, lu, lv, lw,
                lx, ly, lz, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, ma, mb, mc, md, me, mf, mg, mh, mi, mj, mk, ml, mm, mn, mo, mp, mq, mr, ms,
                mt, mu, mv, mw, mx, my, mz, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, na, nb, nc, nd, ne, nf, ng, nh, ni, nj, nk, nl, nm, nn, no,
                np, nq, nr, ns, nt, nu, nv, nw, nx, ny, nz, n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, oa, ob, oc, od, oe, of, og, oh, oi, oj, ok,
                ol, om, on, oo, op, oq, or;
        while (waits) {
            Thread.onSpinWait();
        }
    }

    /** The parameters are those of {@link #SORT}, the segments become addresses. */
    private static int run(int key, long data, long temporary, long bytes, long what) {
        if (what == NOTHING) {
            return DONE;
        }
        Errand errand = null;
        try {
            errand = ERRANDS.get();
            if (what == NUMBERS_IN_PLACE) {
                Introsort.sort(KEYS[key], data, bytes);
            } else if (what == NUMBERS) {
                RadixSort.sort(KEYS[key], data, bytes, temporary);
            } else {
                RecordSort.sort(Objects.requireNonNull(errand.records, "records"), data, bytes, temporary);
            }
            return DONE;
        } catch (Throwable thrown) {
            if (errand != null) {
                errand.thrown = thrown;
            }
            return FAILED;
        }
    }

    private static MethodHandle link() {
        FunctionDescriptor called = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        FunctionDescriptor calling = FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG);
        try {
            MethodHandle run = MethodHandles.lookup().findStatic(HeldScopes.class, "run", called.toMethodType());
            return Native.downcall(Native.upcall(run, called, Arena.global()).address(), calling);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("run is a method of this class", e);
        }
    }
}
