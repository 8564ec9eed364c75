package dev.banos.testing;

/** Takes all of Java's heap, and gives a little of it back. Of a JVM that runs nothing else. */
public final class FullJavaHeap {
    private final int mostCrumbs;
    /** A chain of objects that takes all of the heap. */
    private Object[] ballast;
    /** One of small ones, for a little room. */
    private Object[] crumbs;

    /** @param mostCrumbs how often a little can be given back */
    public FullJavaHeap(int mostCrumbs) {
        this.mostCrumbs = mostCrumbs;
    }

    /** Large objects first, then ever smaller ones: at the end there is no room for the smallest. */
    public void fill() {
        crumbs = null;
        for (int i = 0; i < mostCrumbs; i++) {
            crumbs = new Object[] {crumbs};
        }
        for (int bytes = 1 << 18; bytes > 0; bytes /= 16) {
            fill(bytes);
        }
        fill(0);
    }

    private void fill(int bytes) {
        try {
            while (true) {
                Object[] node = new Object[bytes == 0 ? 1 : 2];
                node[0] = ballast;
                if (bytes > 0) {
                    node[1] = new byte[bytes];
                }
                ballast = node;
            }
        } catch (OutOfMemoryError full) {
            return;
        }
    }

    public void giveBack(int count) {
        for (int i = 0; i < count; i++) {
            crumbs = (Object[]) crumbs[0];
        }
    }

    public void empty() {
        ballast = null;
    }
}
