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
 * a fifth of the capacity, tell about the next frames to move; each moves a 200th of the capacity towards the queue that was too
 * short, and its page enters the main clock at once. From the small queue also farther ones, up to half of the capacity, prove
 * their page.
 *
 * <pre>
 *   page comes back after   from SMALL                  from MAIN
 *   d &lt;= 1/5 capacity       to MAIN, target + 1/200     to MAIN, target - 1/200
 *   d &lt;= 1/2 capacity       to MAIN                     to SMALL
 *   later, or never seen    to SMALL                    to SMALL             1/100 &lt;= target &lt;= 1/2
 * </pre>
 *
 * <p>R5 to R8 in {@code native-notes/replacement.md}. Source of the idea: Megiddo and Modha, "ARC", FAST 2003, where every
 * refault counts alike.
 */
final class AdaptivePolicy extends S3FifoPolicy {
    /** A refault after at most a fifth of the capacity tells which queue is too short. */
    static final int NEAR_SHARE = 5;
    /** A page that SMALL gave up is proven when it comes back after at most half of the capacity. */
    static final int PROOF_SHARE = 2;
    /**
     * A near refault moves a 200th of the capacity. The target is counted in such steps, because a step in whole frames would be
     * several times as long in a small cache.
     */
    static final int STEP_SHARE = 200;
    /** The small queue has at least a hundredth of the capacity. */
    static final int LEAST_STEPS = STEP_SHARE / 100;
    /** It has at most half: a main clock that is shorter than the probation before it keeps nothing. */
    static final int MOST_STEPS = STEP_SHARE / 2;

    /** The small queue's share of the capacity; guarded by the mutex. */
    private int steps = STEP_SHARE / SMALL_SHARE;

    AdaptivePolicy(final PageDescriptors descriptors) {
        super(descriptors);
    }

    @Override
    int smallTarget() {
        return (int) Math.max(1, (long) capacity() * steps / STEP_SHARE);
    }

    @Override
    boolean refaulted(final int queue, final int distance) {
        final int frames = capacity();
        if (distance <= frames / NEAR_SHARE) {
            steps = Math.clamp(queue == SMALL ? steps + 1L : steps - 1L, LEAST_STEPS, MOST_STEPS);
            return true;
        }
        // What MAIN gave up had its chance there.
        return queue == SMALL && distance <= frames / PROOF_SHARE;
    }
}
