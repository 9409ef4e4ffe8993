package io.quire.engine.cache;

import java.util.Collection;

import org.jctools.maps.NonBlockingHashMapLong;

import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
import io.quire.engine.lock.StopPoints;

/**
 * The mappings of a cache: found by number without a lock, and walked in the order in which they were opened.
 *
 * <p><b>The held mapping.</b> Who walks the list drops its mutex to work on a mapping, and the mapping must still stand in the
 * list when it goes on. A reference to one of its pages does not see to that, nor does a raised map count: teardown takes
 * pages out whoever looks at them, and then the mapping is gone. So the walker raises the mapping's {@code stopEviction}
 * before it drops the mutex, and teardown waits for zero, takes the mutex, and looks for zero once more (G9). Source: Linux
 * {@code mm/shmem.c}, {@code shmem_unuse} and {@code shmem_evict_inode}.
 *
 * <p>Who holds a mapping waits for no lock of it but the tree's: its teardown waits under the write lock.
 */
final class MappingTable {
    private final NonBlockingHashMapLong<Mapping> byId = new NonBlockingHashMapLong<>();
    private final OrderedMutex mutex = new OrderedMutex(LockClass.MAPPINGS, "list of mappings");
    private final Object settled = new Object();
    private Mapping first;
    private Mapping last;

    /** The mapping of a number, or null. It may be torn down at any time, unless a page of it is locked. */
    Mapping get(final long id) {
        return byId.get(id);
    }

    /** A weakly consistent view. */
    Collection<Mapping> values() {
        return byId.values();
    }

    void add(final Mapping mapping) {
        mutex.lock();
        try {
            mapping.previous = last;
            if (last == null) {
                first = mapping;
            } else {
                last.next = mapping;
            }
            last = mapping;
            mapping.listed = true;
        } finally {
            mutex.unlock();
        }
        byId.put(mapping.id, mapping);
    }

    /** The mapping of a number, held; or null. */
    Mapping hold(final long id) {
        mutex.lock();
        try {
            final Mapping mapping = byId.get(id);
            if (mapping == null || !mapping.listed) {
                return null;
            }
            mapping.stopEviction.incrementAndGet();
            return mapping;
        } finally {
            mutex.unlock();
        }
    }

    /** The next mapping of a walk, held, and null after the last; the one before is let go. */
    Mapping next(final Mapping held) {
        final Mapping mapping;
        mutex.lock();
        try {
            assert held == null || held.listed : "a held mapping has left the list";
            mapping = held == null ? first : held.next;
            if (mapping != null) {
                mapping.stopEviction.incrementAndGet();
            }
        } finally {
            mutex.unlock();
        }
        if (held != null) {
            release(held);
        }
        if (StopPoints.ENABLED && mapping != null) {
            StopPoints.reached(CachePoint.WALK_HELD, mapping.id, 0);
        }
        return mapping;
    }

    /** Lets a held mapping go. */
    void release(final Mapping held) {
        if (held.stopEviction.decrementAndGet() == 0) {
            synchronized (settled) {
                settled.notifyAll();
            }
        }
    }

    /** Takes a mapping out when nobody holds it; its pages have gone. */
    void remove(final Mapping mapping) {
        boolean removed = false;
        while (!removed) {
            awaitZero(mapping);
            StopPoints.reached(CachePoint.TEARDOWN_NOT_HELD, mapping.id, 0);
            mutex.lock();
            try {
                // A walker may have come between.
                if (mapping.stopEviction.get() == 0) {
                    unlink(mapping);
                    removed = true;
                }
            } finally {
                mutex.unlock();
            }
            if (StopPoints.ENABLED && !removed) {
                StopPoints.reached(CachePoint.TEARDOWN_HELD_AGAIN, mapping.id, 0);
            }
        }
        byId.remove(mapping.id);
    }

    private void unlink(final Mapping mapping) {
        if (mapping.previous == null) {
            first = mapping.next;
        } else {
            mapping.previous.next = mapping.next;
        }
        if (mapping.next == null) {
            last = mapping.previous;
        } else {
            mapping.next.previous = mapping.previous;
        }
        mapping.next = null;
        mapping.previous = null;
        mapping.listed = false;
    }

    private void awaitZero(final Mapping mapping) {
        boolean interrupted = false;
        synchronized (settled) {
            while (mapping.stopEviction.get() != 0) {
                try {
                    settled.wait();
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
