package io.quire.engine.evict;

import io.quire.engine.memory.PageDescriptors;

/**
 * CLOCK: first in, first out, and a page that was touched since the hand last passed gets another round. A reference.
 *
 * <p>The use byte is 0 or {@link #SATURATED}, so that a page is written once a round at most. Neither the reference that brings
 * a page in nor the first touch of a page that was read ahead counts. Source: Corbat&oacute;, "A paging experiment with the
 * Multics system", 1968.
 */
final class ClockPolicy extends OneQueuePolicy {
    private static final byte UNTOUCHED = -1;

    ClockPolicy(final PageDescriptors descriptors) {
        super(descriptors);
    }

    @Override
    byte firstUse(final boolean readAhead) {
        return readAhead ? UNTOUCHED : 0;
    }

    @Override
    public void touched(final int frame) {
        final byte use = descriptors.use(frame);
        if (use < SATURATED) {
            descriptors.use(frame, use == UNTOUCHED ? 0 : SATURATED);
        }
    }

    @Override
    int pollVictim() {
        // One round makes every page a candidate; pages that are touched meanwhile must not make it endless.
        for (long steps = 2L * rejectedTo().size() + 1; steps > 0; steps--) {
            final int frame = rejectedTo().poll();
            if (frame == FrameList.NONE || !isUsed(frame)) {
                return frame;
            }
            age(frame, SATURATED);
            rejectedTo().add(frame);
        }
        return rejectedTo().poll();
    }
}
