package io.quire.engine.lock;

/** Named points of the sleeping and waking paths at which a test can stop a thread. None is on the path without contention. */
@FunctionalInterface
interface StopPoint {
    /** What production uses. */
    StopPoint NONE = (at, frame) -> { };

    /** The points. */
    enum At {
        /** A thread saw the bit set and has not yet taken the bucket lock. */
        BEFORE_QUEUE,
        /** A thread is queued and has not yet slept. */
        QUEUED,
        /** A sleeper was woken without having been given the lock, and has not yet tried the bit. */
        WOKEN,
        /** A sleeper that gives up has not yet left the queue. */
        BEFORE_LEAVING,
        /** The bit is clear and the waker has not yet taken the bucket lock. */
        BEFORE_WAKE
    }

    void reached(At at, int frame);
}
