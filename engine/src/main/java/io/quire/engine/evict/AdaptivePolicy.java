package io.quire.engine.evict;

import io.quire.engine.memory.PageDescriptors;

/**
 * S3-FIFO whose small queue takes as many frames as refaults ask for: the default.
 *
 * <p>Benefit: on strings that are reused by recency, where a tenth of the frames is too short a probation, the small queue grows
 * and the policy comes near LRU; on strings with scans and a hot set it shrinks to a hundredth and leaves the frames to the
 * main clock. Nothing else is needed than the shadows, which are there anyway: no memory, and no write at a hit. <b>Cost</b>:
 * a division of the frames that was right a moment ago takes some refaults to undo.
 *
 * <p>The balance is one of marginal gains. A page that comes back from the small queue after d further evictions from it would
 * have been a hit, had the small queue been d frames longer; the same holds for the main clock. Only refaults with a small d,
 * {@link #NEAR_SHARE} of the capacity, tell about the next frames to move, and each moves {@link #STEP_SHARE} of the
 * capacity towards the queue that was too short. Farther ones, up to the capacity, only prove their page (R2).
 *
 * <pre>
 *   refault, d small, from SMALL:  target + step, at most 9/10 of the capacity
 *   refault, d small, from MAIN:   target - step, at least 1/100
 * </pre>
 *
 * <p>R5 to R7 in {@code native-notes/replacement.md}. Source of the idea: Megiddo and Modha, "ARC", FAST 2003, where every
 * refault counts alike.
 */
final class AdaptivePolicy extends S3FifoPolicy {
    /** A refault after at most a fifth of the capacity tells which queue is too short. */
    static final int NEAR_SHARE = 5;
    /** It moves a 200th of the capacity. */
    static final int STEP_SHARE = 200;
    /** The small queue has at least a hundredth of the capacity. */
    static final int LEAST_SHARE = 100;

    /** Guarded by the mutex. */
    private int target;

    AdaptivePolicy(final PageDescriptors descriptors) {
        super(descriptors);
        target = descriptors.frames() / SMALL_SHARE;
    }

    @Override
    public void capacity(final int frames) {
        mutex.lock();
        try {
            target = bounded((long) target * frames / capacity(), frames);
            super.capacity(frames);
        } finally {
            mutex.unlock();
        }
    }

    private static int bounded(final long target, final int frames) {
        return Math.clamp(target, Math.max(1, frames / LEAST_SHARE), Math.max(1, frames - frames / SMALL_SHARE));
    }

    @Override
    int smallTarget() {
        return target;
    }

    @Override
    int memory() {
        return capacity();
    }

    @Override
    void refaulted(final int queue, final int distance) {
        final int frames = capacity();
        if (distance <= frames / NEAR_SHARE) {
            final int step = Math.max(1, frames / STEP_SHARE);
            target = bounded((long) target + (queue == SMALL ? step : -step), frames);
        }
    }
}
