package io.quire.bench.replacement;

import java.util.Arrays;
import java.util.BitSet;

import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/**
 * A cache of single pages without contents, whose victims are chosen by one of the engine's own policies over real page
 * descriptors. It does what the engine does at a hit, a fault, an eviction and a removal, and nothing besides: no read-ahead,
 * no compound pages, one eviction at a time. The tree's shadows are an array, and none is lost.
 */
final class PolicySimulation implements AutoCloseable {
    private static final int NONE = -1;

    private final PageDescriptors descriptors;
    private final ReplacementPolicy policy;
    private final int[] frameOf;
    private final int[] shadowOf;
    private final int[] free;
    private final int[] victims = new int[1];
    private int freeFrames;

    private PolicySimulation(final ReplacementPolicies.Named policy, final int frames, final int pages) {
        descriptors = new PageDescriptors(frames);
        this.policy = policy.create(descriptors);
        this.policy.capacity(frames);
        frameOf = new int[pages];
        Arrays.fill(frameOf, NONE);
        shadowOf = new int[pages];
        Arrays.fill(shadowOf, ReplacementPolicy.NO_SHADOW);
        free = new int[frames];
        for (int frame = 0; frame < frames; frame++) {
            free[frames - 1 - frame] = frame;
        }
        freeFrames = frames;
    }

    /** How many uses of a string hit in a cache of so many pages. */
    static long hits(final ReplacementPolicies.Named policy, final int frames, final ReferenceString string) {
        final BitSet all = new BitSet();
        all.set(0, string.references());
        return hits(policy, frames, string, all);
    }

    /** How many of some uses, by their numbers from 0, hit in a cache of so many pages that sees all of them. */
    static long hits(final ReplacementPolicies.Named policy, final int frames, final ReferenceString string, final BitSet counted) {
        try (PolicySimulation cache = new PolicySimulation(policy, frames, string.pages())) {
            long hits = 0;
            int uses = 0;
            for (int i = 0; i < string.length(); i++) {
                final int event = string.event(i);
                if (event < 0) {
                    cache.remove(~event);
                } else if (cache.use(event) & counted.get(uses++)) {
                    hits++;
                }
            }
            cache.policy.verify(frames - cache.freeFrames);
            return hits;
        }
    }

    private boolean use(final int page) {
        final int frame = frameOf[page];
        if (frame != NONE) {
            if (descriptors.use(frame) < ReplacementPolicy.SATURATED) {
                policy.touched(frame);
            }
            return true;
        }
        if (freeFrames == 0) {
            evict();
        }
        final int filled = free[--freeFrames];
        descriptors.bind(filled, 1, page, 0);
        frameOf[page] = filled;
        policy.inserted(filled, false, shadowOf[page]);
        return false;
    }

    private void evict() {
        if (policy.nextVictims(victims) != 1) {
            throw new IllegalStateException("the policy has no victim among " + descriptors.frames() + " pages");
        }
        final int page = (int) descriptors.index(victims[0]);
        final int shadow = policy.shadow(victims[0]);
        leave(page);
        // As the tree keeps it.
        shadowOf[page] = PageTree.shadowValue(PageTree.shadow(shadow));
    }

    private void remove(final int page) {
        if (frameOf[page] != NONE) {
            leave(page);
        }
    }

    private void leave(final int page) {
        final int frame = frameOf[page];
        policy.removed(frame);
        descriptors.freeze(frame, 1);
        descriptors.unbind(frame);
        frameOf[page] = NONE;
        free[freeFrames++] = frame;
    }

    @Override
    public void close() {
        policy.close();
        descriptors.close();
    }
}
