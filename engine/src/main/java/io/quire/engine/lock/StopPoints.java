package io.quire.engine.lock;

/**
 * Named points at which a test can stop a thread, so that one chosen order of a race happens every time. With
 * {@link #ENABLED} off, as in production, a point is a call that the compiler removes with its arguments. A package keeps its
 * points in an enumeration of its own.
 */
public final class StopPoints {
    /** Whether points do anything: {@code -Dquire.stop.points=true}, as in every test. */
    public static final boolean ENABLED = Boolean.getBoolean("quire.stop.points");

    private static final Listener NOBODY = (point, mapping, index) -> { };
    private static volatile Listener listener = NOBODY;

    private StopPoints() {
    }

    /** What a test does with a thread that comes by. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A thread is at a point. Returning lets it go on.
         *
         * @param point   the point
         * @param mapping id of the mapping, 0 when there is none
         * @param index   page index, or another number that the point's description tells
         */
        void reached(Enum<?> point, long mapping, long index);
    }

    /**
     * Tells the listener that the calling thread is at a point.
     *
     * @param point   the point
     * @param mapping id of the mapping, 0 when there is none
     * @param index   page index, or another number that the point's description tells
     */
    public static void reached(final Enum<?> point, final long mapping, final long index) {
        if (ENABLED) {
            listener.reached(point, mapping, index);
        }
    }

    /**
     * Sets the listener for the whole virtual machine.
     *
     * @param newListener the listener, null for none
     * @throws IllegalStateException when points are off, as a test that cannot stop anybody proves nothing
     */
    public static void listen(final Listener newListener) {
        if (!ENABLED) {
            throw new IllegalStateException("stop points are off; start with -Dquire.stop.points=true");
        }
        listener = newListener == null ? NOBODY : newListener;
    }
}
