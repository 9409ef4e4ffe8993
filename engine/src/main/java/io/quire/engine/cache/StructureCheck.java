package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.ALL_BLOCKS;
import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.memory.PageDescriptors.LOCKED;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static io.quire.engine.memory.PageDescriptors.WAITERS;
import static io.quire.engine.memory.PageDescriptors.WRITEBACK;

import java.util.BitSet;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/**
 * The deep check with which every test of the cache ends: each page of each tree is bound to its place, uptodate or with
 * valid blocks, unlocked and held by the tree alone, shown by as many region entries as its map count says, and dirty if its
 * index is marked so; the last page is zero beyond the size (C6); no frame is in two places; every other frame is free;
 * queues and counters agree.
 */
final class StructureCheck {
    private static final int BATCH = 64;

    private final PageCache cache;
    private final BitSet seen = new BitSet();
    private long pages;
    private long dirtyPages;

    StructureCheck(final PageCache cache) {
        this.cache = cache;
    }

    void run() {
        for (final Mapping mapping : cache.mappings.values()) {
            check(mapping);
        }
        final long counted = cache.counters().get(CacheCounter.PAGES);
        require(counted == pages, "the counter says " + counted + " pages, the trees hold " + pages);
        cache.allocator.verify(seen::get);
        final int free = cache.allocator.available();
        final int frames = cache.allocator.frames();
        require(free + pages == frames, free + " free frames and " + pages + " pages make " + frames + " frames: one leaked");
        final long dirty = cache.counters().get(CacheCounter.DIRTY);
        require(dirty == dirtyPages, "the counter says " + dirty + " dirty pages, the trees hold " + dirtyPages);
        require(cache.dirty.count() == dirtyPages,
            "throttling counts " + cache.dirty.count() + " dirty pages, the trees hold " + dirtyPages);
        for (int frame = 0; frame < cache.allocator.used(); frame++) {
            require(seen.get(frame) || cache.descriptors.maps(frame) == 0,
                "free frame " + frame + " has " + cache.descriptors.maps(frame) + " maps");
        }
        cache.replacement.verify(pages);
    }

    private void check(final Mapping mapping) {
        mapping.tree.verify();
        mapping.tree.lock();
        try {
            final long[] indices = new long[BATCH];
            final int[] frames = new int[BATCH];
            long inTree = 0;
            long from = 0;
            int n;
            while (from <= PageTree.MAX_INDEX
                && (n = mapping.tree.gang(from, PageTree.MAX_INDEX, indices, frames)) > 0) {
                for (int i = 0; i < n; i++) {
                    check(mapping, indices[i], frames[i]);
                }
                inTree += n;
                from = indices[n - 1] + 1;
            }
            require(inTree == mapping.tree.pages(),
                "mapping " + mapping.id + " counts " + mapping.tree.pages() + " pages and holds " + inTree);
            pages += inTree;
        } finally {
            mapping.tree.unlock();
        }
    }

    private void check(final Mapping mapping, final long index, final int frame) {
        final String where = "page " + index + " of mapping " + mapping.id + " in frame " + frame;
        final PageDescriptors descriptors = cache.descriptors;
        require(!seen.get(frame), where + ": the frame holds another page too");
        seen.set(frame);
        require(mapping.isBound(frame, index),
            where + " is bound to page " + descriptors.index(frame) + " of mapping " + descriptors.mapping(frame));
        final long state = descriptors.state(frame);
        require((state & (LOCKED | WAITERS | WRITEBACK)) == 0, where + " has state " + Long.toHexString(state));
        final boolean uptodate = (state & UPTODATE) != 0;
        final int valid = descriptors.validBlocks(frame);
        require(uptodate ? valid == 0 : valid != 0 && valid != ALL_BLOCKS, where + " has state " + Long.toHexString(state)
            + " and valid blocks " + Integer.toBinaryString(valid));
        checkPieces(mapping, index, frame, where);
        final int entries = mapping.entries(index);
        require(descriptors.maps(frame) == entries,
            where + " has " + descriptors.maps(frame) + " maps, and " + entries + " entries of regions show it");
        final boolean dirty = (state & DIRTY) != 0;
        require(dirty == mapping.tree.isMarked(index, PageTree.MARK_DIRTY),
            where + (dirty ? " is dirty and not marked so" : " is marked dirty and is not"));
        dirtyPages += dirty ? 1 : 0;
        require(index < PageFiller.pages(mapping.size()), where + " lies beyond the size " + mapping.size());
        final int inFile = (int) Math.min(FRAME_SIZE, mapping.size() - (index << FRAME_SHIFT));
        for (int at = inFile; at < FRAME_SIZE; at++) {
            require(!uptodate && (valid & Blocks.touched(at, at + 1)) == 0
                || OffHeap.getByte(cache.arena.address(frame) + at) == 0,
                where + " has something other than zero at " + at + ", beyond the size " + mapping.size());
        }
    }

    /** H1, H2, H5: what the frames of a compound page are to each other. */
    private void checkPieces(final Mapping mapping, final long index, final int frame, final String where) {
        final PageDescriptors descriptors = cache.descriptors;
        final int head = descriptors.head(frame);
        final int order = descriptors.order(head);
        final int size = 1 << order;
        final int place = frame - head;
        require(place >= 0 && place < size, where + " calls frame " + head + " of order " + order + " its head");
        require(head % size == 0 && (index - place) % size == 0, where + ": its head " + head + " is not aligned to " + size);
        require(mapping.isBound(head, index - place), where + ": its head " + head + " belongs elsewhere");
        require(mapping.tree.lookup(index - place) == PageTree.page(head), where + ": its head has no slot");
        require((index - place + size - 1) < PageFiller.pages(mapping.size()), where + ": a part of it lies beyond the size");
        final int refs = place == 0 ? 1 : 0;
        require(descriptors.refs(frame) == refs, where + " has " + descriptors.refs(frame) + " references");
        require(place == 0 || cache.compounds.pins(frame) == 0, where + " has " + cache.compounds.pins(frame) + " pins");
        require(descriptors.has(frame, PageDescriptors.TAIL) == place > 0, where + ": the flag TAIL is wrong");
        require(descriptors.has(frame, PageDescriptors.HEAD) == (place == 0 && order > 0), where + ": the flag HEAD is wrong");
        for (int i = place; i < size && place == 0; i++) {
            require(mapping.tree.lookup(index + i) == PageTree.page(head + i), where + ": tail " + i + " has no slot");
            require(descriptors.head(head + i) == head, where + ": tail " + i + " calls another its head");
        }
    }

    private static void require(final boolean condition, final String message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }
}
