package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Hazard pointers (Michael, 2004): which bitmaps other threads than the owners are about to write to. A thread that found a run has
 * no right to it: the block that it frees may have been freed before, the run be gone by now, and its bitmaps serve another run. So
 * it says first which bitmap it means, and then looks whether the run is gone.
 *
 * <pre>
 *   who frees     hold(bitmap)  ->  is the run retired?  ->  no: write  ->  release        a hold is a compare-and-set
 *   the owner     the run is retired  ->  {@link Bitmaps} waits until nobody holds the bitmap  ->  it is another run's
 * </pre>
 *
 * <p>Either who frees sees that the run is retired, or Bitmaps sees the hold: each writes first and reads then, the one
 * volatilely both times, the other with a full fence between the two. A hold lasts for some instructions, unless its thread is preempted: then these bitmaps wait, and no others.
 */
final class Hazards {
    /** As many threads can free remotely in one instant; more of them wait for each other. */
    static final int PLACES = 256;
    /** So that no two threads write to one cache line, nor to two that are fetched together. */
    private static final int APART = 128 / Long.BYTES;
    private static final VarHandle HELD = MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    /** 0: nobody's. A thread begins to look at the place of its id, and nearly always finds it free. */
    private static final long[] PLACE = new long[PLACES * APART];

    private Hazards() {
    }

    /**
     * Where there is a page of stack left, and else it is a {@link StackOverflowError} before the hold: so there is enough for
     * {@link #release}, in the way of {@link SpinLock}, whose locals these are, which nobody uses.
     *
     * @return what {@link #release} needs
     */
    static int hold(long bitmap) {
        long aa, ab, ac, ad, ae, af, ag, ah, ai, aj, ak, al, am, an, ao, ap, ba, bb, bc, bd, be, bf, bg, bh, bi, bj, bk, bl, bm, bn, bo, bp,
                ca, cb, cc, cd, ce, cf, cg, ch, ci, cj, ck, cl, cm, cn, co, cp, da, db, dc, dd, de, df, dg, dh, di, dj, dk, dl, dm, dn, dp, ea,
                eb, ec, ed, ee, ef, eg, eh, ei, ej, ek, el, em, en, eo, ep, fa, fb, fc, fd, fe, ff, fg, fh, fi, fj, fk, fl, fm, fn, fo, fp, ga,
                gb, gc, gd, ge, gf, gg, gh, gi, gj, gk, gl, gm, gn, go, gp, ha, hb, hc, hd, he, hf, hg, hh, hi, hj, hk, hl, hm, hn, ho, hp, ia,
                ib, ic, id, ie, ig, ih, ii, ij, ik, il, im, in, io, ip, ja, jb, jc, jd, je, jf, jg, jh, ji, jj, jk, jl, jm, jn, jo, jp, ka, kb,
                kc, kd, ke, kf, kg, kh, ki, kj, kk, kl, km, kn, ko, kp, la, lb, lc, ld, le, lf, lg, lh, li, lj, lk, ll, lm, ln, lo, lp, ma, mb,
                mc, md, me, mf, mg, mh, mi, mj, mk, ml, mm, mn, mo, mp, na, nb, nc, nd, ne, nf, ng, nh, ni, nj, nk, nl, nm, nn, no, np, oa, ob,
                oc, od, oe, of, og, oh, oi, oj, ok, ol, om, on, oo, op, pa, pb, pc, pd, pe, pf, pg, ph, pi, pj, pk, pl, pm, pn, po, pp, qa, qb,
                qc, qd, qe, qf, qg, qh, qi, qj, qk, ql, qm, qn, qo, qp;
        int place = ((int) Thread.currentThread().threadId() & (PLACES - 1)) * APART;
        for (int tries = 1; !HELD.compareAndSet(PLACE, place, 0L, bitmap); tries++) {
            place = next(place, tries);
        }
        return place;
    }

    private static int next(int taken, int tries) {
        if (tries >= PLACES) {
            SpinLock.pause(tries);
        }
        return (taken + APART) & (PLACE.length - 1);
    }

    /**
     * Never throws: a place that stays held is lost to all. Where there is no stack for the handle, which takes several frames in the
     * interpreter, the array is written; what was written to the bitmap before is there, as the error comes from the JVM.
     */
    static void release(int place) {
        try {
            HELD.setRelease(PLACE, place, 0L);
        } catch (StackOverflowError atTheEnd) {
            PLACE[place] = 0;
        }
    }

    /** Who has to see holds that came before what it has done. @param into for {@link #PLACES} of them @return how many there are */
    static int list(long[] into) {
        VarHandle.fullFence();
        int count = 0;
        for (int place = 0; place < PLACE.length; place += APART) {
            long held = (long) HELD.getVolatile(PLACE, place);
            if (held != 0) {
                into[count++] = held;
            }
        }
        return count;
    }
}
