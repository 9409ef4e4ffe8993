package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.GENERATION_ONE;
import static io.quire.engine.memory.PageDescriptors.INDEX_OFFSET;
import static io.quire.engine.memory.PageDescriptors.LOCKED;
import static io.quire.engine.memory.PageDescriptors.MAPPING_OFFSET;
import static io.quire.engine.memory.PageDescriptors.READAHEAD;
import static io.quire.engine.memory.PageDescriptors.STATE_OFFSET;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static io.quire.engine.memory.PageDescriptors.USE_OFFSET;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;
import io.quire.engine.store.StoreFile;
import io.quire.engine.tree.PageTree;

/**
 * The cached pages of one file: Linux's {@code struct address_space} together with the inode's lock and size.
 *
 * <p><b>What protects what.</b>
 * <pre>
 *  field        written under             read
 *  size         writeLock                 volatile, by anyone
 *  stamp        writeLock                 volatile, by anyone
 *  stampStale   writeLock (set), any      volatile
 *  policy       -                         volatile
 *  closed       monitor of this           volatile; believed under a fault mutex
 *  handles      monitor of this           monitor of this
 *  mappers      monitor of this (copied)  volatile
 *  history      tree lock                 tree lock
 *  list links   mutex of MappingTable     the same
 *  stopEviction that mutex (to raise it)  atomic, by anyone
 *  tree slots   tree lock (+ page lock    lock-free, then confirmed by the descriptor
 *               for removal)
 * </pre>
 */
final class Mapping {
    /** Returned instead of a frame when there is none. */
    static final int NONE = -1;

    private static final PageMapper[] NO_MAPPERS = {};

    private static final int DESCRIPTOR_SHIFT = Integer.numberOfTrailingZeros(PageDescriptors.DESCRIPTOR_SIZE);
    private static final long SAME_PAGE = -GENERATION_ONE | UPTODATE;

    final PageCache cache;
    final long id;
    final StoreFile file;
    final PageTree tree;
    final OrderedMutex writeLock;
    final ErrorSequence errors = new ErrorSequence();
    /** How many walks hold the mapping against its teardown; raised only under the mutex of {@link MappingTable}. */
    final AtomicInteger stopEviction = new AtomicInteger();
    /** Evictions whose traces a cut has not paid for yet. */
    long history;
    Mapping next;
    Mapping previous;
    boolean listed;

    private final PageDescriptors descriptors;
    private final long descriptorBase;
    private final long frameBase;
    private final ReplacementPolicy replacement;

    private volatile long size;
    private volatile Stamp stamp;
    private volatile boolean stampStale;
    private volatile WritePolicy policy;
    private volatile boolean closed;
    private volatile PageMapper[] mappers = NO_MAPPERS;
    private int handles;

    /** What became of a frame that was to enter the tree. */
    enum Insertion { INSERTED, OCCUPIED, NO_NODE }

    /** The times and the size by which a change from outside is noticed. */
    private record Stamp(long size, long modified, long changed) {
        static Stamp of(final StoreAttributes a) {
            return new Stamp(a.size, a.modified, a.changed);
        }

        boolean matches(final StoreAttributes a) {
            return size == a.size && modified == a.modified && changed == a.changed;
        }
    }

    Mapping(final PageCache cache, final long id, final StoreFile file, final StoreAttributes attributes) {
        this.cache = cache;
        this.id = id;
        this.file = file;
        this.tree = new PageTree(cache.nodes, this);
        this.writeLock = new OrderedMutex(LockClass.MAPPING, this);
        this.descriptors = cache.descriptors;
        this.descriptorBase = cache.descriptors.address(0);
        this.frameBase = cache.arena.base();
        this.replacement = cache.replacement;
        this.size = attributes.size;
        this.stamp = Stamp.of(attributes);
    }

    /** What reports call its locks and its tree; a string of its own for each would be 112 bytes in every mapping. */
    @Override
    public String toString() {
        return "mapping " + id;
    }

    long size() {
        return size;
    }

    /** Publishes a size; under the write lock. */
    void publishSize(final long newSize) {
        assert writeLock.isHeldByCurrentThread();
        size = newSize;
    }

    WritePolicy policy() {
        final WritePolicy own = policy;
        return own != null ? own : cache.writePolicy();
    }

    void policy(final WritePolicy newPolicy) {
        policy = newPolicy;
    }

    // ---- life ----

    synchronized boolean attach() {
        if (closed) {
            return false;
        }
        handles++;
        return true;
    }

    /** Gives one handle back; whether it was the last, so that the caller must tear the mapping down. */
    synchronized boolean detach() {
        assert handles > 0;
        if (--handles == 0 && !closed) {
            closed = true;
            return true;
        }
        return false;
    }

    /** Closes for all handles at once; whether the caller must tear the mapping down. */
    synchronized boolean condemn() {
        final boolean first = !closed;
        closed = true;
        return first;
    }

    boolean isClosed() {
        return closed;
    }

    void checkOpen() throws CacheException {
        if (closed) {
            throw new CacheException(Errno.EBADF, "the file is closed; open it again");
        }
    }

    // ---- the reverse map ----

    synchronized void addMapper(final PageMapper mapper) {
        final PageMapper[] more = Arrays.copyOf(mappers, mappers.length + 1);
        more[mappers.length] = mapper;
        mappers = more;
    }

    synchronized void removeMapper(final PageMapper mapper) {
        mappers = Arrays.stream(mappers).filter(m -> m != mapper).toArray(PageMapper[]::new);
    }

    /** Takes pages back from everybody who shows them (Linux: {@code unmap_mapping_pages}). */
    void unmapPages(final long first, final long last, final boolean even) {
        for (final PageMapper mapper : mappers) {
            mapper.unmap(first, last, even);
        }
    }

    /** Makes everybody's entries of a page read-only; how many were writable. */
    int writeProtectPage(final long index) {
        int writable = 0;
        for (final PageMapper mapper : mappers) {
            writable += mapper.writeProtect(index);
        }
        return writable;
    }

    /** Whether anybody used a page through an entry since this was last asked. */
    boolean referenced(final long index) {
        boolean used = false;
        for (final PageMapper mapper : mappers) {
            used |= mapper.referenced(index);
        }
        return used;
    }

    /** How many entries show a page. For the structural check. */
    int entries(final long index) {
        int entries = 0;
        for (final PageMapper mapper : mappers) {
            entries += mapper.entries(index);
        }
        return entries;
    }

    /**
     * Takes one page, with all its frames, back from everybody who shows it; under its page lock. M3: who raises a map count looks
     * at the lock afterwards, so a count of zero that is read under the lock stays zero.
     */
    void unmapLocked(final long index, final int head) {
        final int size = 1 << descriptors.order(head);
        for (int i = 0; i < size; i++) {
            if (descriptors.maps(head + i) != 0) {
                unmapPages(index + i, index + i, false);
            }
        }
    }

    // ---- coherence with changes from outside ----

    /** Own changes move the times of the file: the next look takes them over instead of dropping the pages. */
    void noteOwnChange() {
        if (!stampStale) {
            stampStale = true;
        }
    }

    boolean revalidate(final StoreAttributes seen) throws CacheException {
        if (!stampStale && stamp.matches(seen)) {
            return false;
        }
        writeLock.lock();
        try {
            checkOpen();
            final StoreAttributes now = new StoreAttributes();
            file.attributes(now);
            final boolean same = stampStale ? now.size == size : stamp.matches(now);
            // In this order, so that nobody compares with the former times while they count as fresh.
            stamp = Stamp.of(now);
            stampStale = false;
            if (same) {
                return false;
            }
            cache.remover.dropAll(this, now.size);
            return true;
        } catch (final StoreException e) {
            throw new CacheException("reading the attributes of a file", e);
        } finally {
            writeLock.unlock();
        }
    }

    // ---- dirty pages ----

    /** Writes back the dirty pages of a range, if there are any at all. */
    void flush(final long first, final long last) throws CacheException {
        if (tree.isAnyMarked(PageTree.MARK_DIRTY)) {
            writeLock.lock();
            try {
                cache.dirty.flush(this, first, last);
            } finally {
                writeLock.unlock();
            }
        }
    }

    /** Writes back, waits for stable storage, and tells of the errors that a cursor has not passed. */
    void sync(final long first, final long last, final boolean dataOnly, final AtomicLong errorCursor)
        throws CacheException {
        try {
            flush(first, last);
            file.sync(dataOnly);
        } catch (final StoreException e) {
            errors.record(e.errno());
            errors.advance(errorCursor);
            throw new CacheException("syncing a file", e);
        } catch (final CacheException e) {
            errors.advance(errorCursor);
            throw e;
        }
        final int missed = errors.advance(errorCursor);
        if (missed != 0) {
            throw new CacheException(missed, "an earlier write to this file failed; what it wrote may be lost");
        }
    }

    // ---- pages ----

    boolean isBound(final int frame, final long index) {
        return descriptors.mapping(frame) == id && descriptors.index(frame) == index;
    }

    /**
     * Finds a page and takes a reference (Linux: {@code filemap_get_entry}): the slot is read, the reference added unless
     * the count is zero, and slot and binding are read again. C3.
     */
    int getPage(final long index) {
        while (true) {
            final int entry = tree.lookup(index);
            if (!PageTree.isPage(entry)) {
                return NONE;
            }
            final int frame = PageTree.frame(entry);
            reached(CachePoint.GET_SLOT_READ, index);
            if (!cache.compounds.tryGet(frame)) {
                Thread.onSpinWait();
                continue;
            }
            reached(CachePoint.GET_REFERENCED, index);
            if (isBound(frame, index) && tree.lookup(index) == entry) {
                return frame;
            }
            cache.release(frame);
        }
    }

    /**
     * Puts a private frame into the tree as a locked page that is not uptodate, with one reference for the caller. When it
     * does not go in, the frame is free again.
     */
    Insertion insert(final long index, final int frame, final boolean readAhead, final ThreadState state) {
        final int before;
        tree.lock();
        try {
            if (PageTree.isPage(tree.lookup(index))) {
                cache.allocator.free(frame);
                return Insertion.OCCUPIED;
            }
            descriptors.bind(frame, id, index, LOCKED);
            descriptors.get(frame);
            cache.locks.adopted(frame);
            before = tree.replace(index, PageTree.page(frame));
            if (before == PageTree.OUT_OF_NODES) {
                descriptors.unbind(frame);
            }
        } finally {
            tree.unlock();
        }
        if (before == PageTree.OUT_OF_NODES) {
            cache.locker.unlock(frame);
            cache.release(frame);
            cache.release(frame);
            return Insertion.NO_NODE;
        }
        state.count(CacheCounter.PAGES, 1);
        final int shadow = PageTree.isShadow(before) ? PageTree.shadowValue(before) : ReplacementPolicy.NO_SHADOW;
        if (replacement.inserted(frame, readAhead, shadow)) {
            state.count(CacheCounter.REFAULTS, 1);
        }
        return Insertion.INSERTED;
    }

    CacheException noNode(final long index) {
        return new CacheException(Errno.ENOMEM, "no tree node is left for page " + index + "; use a larger cache");
    }

    /**
     * Takes one page out of the tree and back from everybody who shows it; under its page lock. A compound page is split first,
     * and the lock is then that of the frame alone. The caller unlocks and drops the cache's reference.
     */
    void removeLocked(final long index, final int frame, final ThreadState state) {
        cache.large.isolate(this, frame, state);
        removeWholeLocked(index, frame, state);
    }

    /** As {@link #removeLocked}, for a page with all its frames. */
    void removeWholeLocked(final long index, final int head, final ThreadState state) {
        unmapLocked(index, head);
        tree.lock();
        try {
            cache.large.detach(this, index, head, PageTree.EMPTY, state);
        } finally {
            tree.unlock();
        }
        forget(head, state);
    }

    /** The part of a removal that comes after it left the tree. */
    void forget(final int head, final ThreadState state) {
        replacement.removed(head);
        state.count(CacheCounter.PAGES, -1L << descriptors.order(head));
    }

    // ---- optimistic reads ----

    /**
     * Copies from uptodate pages without a lock, a reference or any atomic read-modify-write. C4: the generation is read
     * before the binding and again after the copy; when it moved, or UPTODATE was lost, what was copied does not count.
     *
     * @return bytes copied from the front of the range, 0 when its first page needs the slow path
     */
    int readResident(final ThreadState state, final long position, final long target, final int length) {
        final int offset = (int) position & FRAME_SIZE - 1;
        if (length > FRAME_SIZE - offset) {
            return clip(position, readRun(state, position >>> FRAME_SHIFT, offset, target, length));
        }
        final long index = position >>> FRAME_SHIFT;
        final int entry = tree.lookupForHint(index);
        return PageTree.isPage(entry) && copyPage(entry, index, offset, target, length) ? clip(position, length) : 0;
    }

    /**
     * How much of what was copied counts: a truncate that began meanwhile publishes the size before it zeroes or removes
     * anything, so bytes below a size that is read after the copy were not yet zeroed. C5.
     */
    int clip(final long position, final int copied) {
        final long left = size - position;
        return left >= copied ? copied : (int) Math.max(0, left);
    }

    /**
     * As {@link #readResident}, for a range in one page; the page is looked for where its leaf was last seen. The caller
     * compares with the size again afterwards, as {@link #clip} does.
     *
     * @return whether it was copied
     */
    boolean readHinted(final long position, final long target, final int length) {
        final long index = position >>> FRAME_SHIFT;
        return copyPage(tree.hint(index), index, (int) position & FRAME_SIZE - 1, target, length);
    }

    private boolean copyPage(final int entry, final long index, final int offset, final long target, final int length) {
        final long descriptor = descriptorOf(entry);
        final long before = stateOf(descriptor);
        if (!isReadable(descriptor, before, index)) {
            return false;
        }
        final long source = addressOf(entry) + offset;
        if (length == Long.BYTES) {
            OffHeap.putLong(target, OffHeap.getLong(source));
        } else {
            OffHeap.copy(source, target, length);
        }
        return isStill(descriptor, before, entry, index);
    }

    // The steps of C4 for one page, for who copies from it and for who takes a value out of it.

    /** Where the descriptor of a page entry is. */
    long descriptorOf(final int entry) {
        return descriptorBase + PageTree.frameOffset(entry, DESCRIPTOR_SHIFT);
    }

    /** Where the bytes of a page entry are. */
    long addressOf(final int entry) {
        return frameBase + PageTree.frameOffset(entry, FRAME_SHIFT);
    }

    /** The state before the bytes are read. */
    static long stateOf(final long descriptor) {
        return OffHeap.getLongAcquire(descriptor + STATE_OFFSET);
    }

    /** Whether the bytes may be read: the page is whole, nobody waits to hear of its use, and it is the one that is wanted. */
    boolean isReadable(final long descriptor, final long before, final long index) {
        if ((before & (UPTODATE | READAHEAD)) != UPTODATE
            || OffHeap.getLong(descriptor + MAPPING_OFFSET) != id
            || OffHeap.getLong(descriptor + INDEX_OFFSET) != index) {
            return false;
        }
        reached(CachePoint.COPY_STATE_READ, index);
        return true;
    }

    /** Whether what was read meanwhile counts; then the page was used. Later reads, of the size, are not done before. */
    boolean isStill(final long descriptor, final long before, final int entry, final long index) {
        reached(CachePoint.COPY_DONE, index);
        OffHeap.loadFence();
        final long after = OffHeap.getLong(descriptor + STATE_OFFSET);
        if (after != before && ((after ^ before) & SAME_PAGE) != 0) {
            return false;
        }
        if (OffHeap.getByte(descriptor + USE_OFFSET) < ReplacementPolicy.SATURATED) {
            replacement.touched(PageTree.frame(entry));
        }
        return true;
    }

    private int readRun(final ThreadState state, final long index, final int offset, final long target,
        final int length) {
        final int[] entries = state.entries;
        final long[] states = state.states;
        final int pages = Math.min(entries.length, offset + length + FRAME_SIZE - 1 >>> FRAME_SHIFT);
        final int found = tree.lookupRun(index, pages, entries);
        int good = 0;
        while (good < found && PageTree.isPage(entries[good])) {
            final long descriptor = descriptor(PageTree.frame(entries[good]));
            final long before = OffHeap.getLongAcquire(descriptor + STATE_OFFSET);
            if ((before & (UPTODATE | READAHEAD)) != UPTODATE
                || OffHeap.getLong(descriptor + MAPPING_OFFSET) != id
                || OffHeap.getLong(descriptor + INDEX_OFFSET) != index + good) {
                break;
            }
            states[good++] = before;
        }
        if (good == 0) {
            return 0;
        }
        reached(CachePoint.COPY_STATE_READ, index);
        copyRuns(entries, good, offset, target, Math.min(length, (good << FRAME_SHIFT) - offset));
        reached(CachePoint.COPY_DONE, index);
        OffHeap.loadFence();
        int sure = 0;
        while (sure < good) {
            final int frame = PageTree.frame(entries[sure]);
            final long descriptor = descriptor(frame);
            if (((OffHeap.getLong(descriptor + STATE_OFFSET) ^ states[sure]) & SAME_PAGE) != 0) {
                break;
            }
            if (OffHeap.getByte(descriptor + USE_OFFSET) < ReplacementPolicy.SATURATED) {
                replacement.touched(frame);
            }
            sure++;
        }
        return sure == 0 ? 0 : Math.min(length, (sure << FRAME_SHIFT) - offset);
    }

    /** Pages whose frames follow each other are copied as one piece. */
    private void copyRuns(final int[] entries, final int pages, final int offset, final long target, final int length) {
        int copied = 0;
        int skip = offset;
        int page = 0;
        while (page < pages) {
            final int first = PageTree.frame(entries[page]);
            int run = 1;
            while (page + run < pages && PageTree.frame(entries[page + run]) == first + run) {
                run++;
            }
            final int piece = Math.min(length - copied, (run << FRAME_SHIFT) - skip);
            OffHeap.copy(frameBase + ((long) first << FRAME_SHIFT) + skip, target + copied, piece);
            copied += piece;
            skip = 0;
            page += run;
        }
    }

    /** A call and not its body at each place, because what is compiled into a hit goes by the length of its byte code. */
    private void reached(final CachePoint point, final long index) {
        StopPoints.reached(point, id, index);
    }

    private long descriptor(final int frame) {
        return descriptorBase + (long) frame * PageDescriptors.DESCRIPTOR_SIZE;
    }
}
