package io.quire.engine.store;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps the number of open descriptors within a budget, however many files are known. Second chance: a descriptor that
 * was used since it was last looked at goes round once more.
 *
 * <p><b>Cost.</b> Using an open descriptor does not come here. Opening one takes a lock for a few list operations;
 * system calls are made outside the lock. Pinned descriptors cannot be closed: when all are pinned the budget is
 * exceeded rather than anybody made to wait, since a waiter might hold what the others wait for.
 */
final class DescriptorCache {
    private static final int RETRIES = 4;
    /** How many descriptors are closed at once when the process has run out of them. */
    private static final int EMERGENCY = 32;

    private final ReentrantLock lock = new ReentrantLock();
    private final int capacity;

    /** Ring of the linked descriptors, oldest after the sentinel; guarded by the lock. */
    private final BoundedDescriptor ring;
    private int size;

    DescriptorCache(final int capacity) {
        this.capacity = capacity;
        this.ring = new BoundedDescriptor(this) {
            @Override
            int openNow() {
                throw new IllegalStateException("the sentinel of the list is no file");
            }
        };
        ring.previous = ring;
        ring.next = ring;
    }

    int capacity() {
        return capacity;
    }

    /** How many descriptors are open and in the list. */
    int size() {
        lock.lock();
        try {
            return size;
        } finally {
            lock.unlock();
        }
    }

    /** Opens a descriptor and pins it; see {@link BoundedDescriptor#acquire}. */
    int open(final BoundedDescriptor descriptor) {
        int exhausted = 0;
        for (;;) {
            final int fd = descriptor.openNow();
            if (fd < 0) {
                if ((fd == -Errno.EMFILE || fd == -Errno.ENFILE) && exhausted++ < RETRIES && evict(EMERGENCY) > 0) {
                    continue;
                }
                return fd;
            }
            if (descriptor.install(fd)) {
                link(descriptor);
                return fd;
            }
            // Another thread opened it at the same time.
            closeDescriptor(descriptor, fd);
            final int theirs = descriptor.tryAcquire();
            if (theirs != BoundedDescriptor.CLOSED) {
                return theirs;
            }
        }
    }

    /** Puts a descriptor that was installed into the list and closes others when there are too many. */
    void link(final BoundedDescriptor descriptor) {
        int excess = 0;
        lock.lock();
        try {
            if (!descriptor.linked && descriptor.isOpen()) {
                append(descriptor);
            }
            excess = size - capacity;
        } finally {
            lock.unlock();
        }
        if (excess > 0) {
            evict(excess);
        }
    }

    /** Closes a descriptor unless it is pinned. */
    void closeIdle(final BoundedDescriptor descriptor) {
        final int fd;
        lock.lock();
        try {
            fd = descriptor.takeIdle();
            if (fd != BoundedDescriptor.CLOSED && descriptor.linked) {
                remove(descriptor);
            }
        } finally {
            lock.unlock();
        }
        if (fd != BoundedDescriptor.CLOSED) {
            closeDescriptor(descriptor, fd);
        }
    }

    /** Closes every descriptor that is not pinned. */
    void closeAll() {
        evict(Integer.MAX_VALUE);
    }

    /** Closes up to so many descriptors; returns how many. Goes round the list twice at most. */
    private int evict(final int wanted) {
        int closed = 0;
        int looks = -1;
        while (closed < wanted) {
            BoundedDescriptor victim = null;
            int fd = BoundedDescriptor.CLOSED;
            lock.lock();
            try {
                if (looks < 0) {
                    looks = 2 * size;
                }
                while (looks-- > 0 && fd == BoundedDescriptor.CLOSED && ring.next != ring) {
                    victim = ring.next;
                    remove(victim);
                    if (victim.referenced) {
                        victim.referenced = false;
                        append(victim);
                    } else {
                        fd = victim.takeIdle();
                        if (fd == BoundedDescriptor.CLOSED && victim.isOpen()) {
                            append(victim);
                        }
                    }
                }
            } finally {
                lock.unlock();
            }
            if (fd == BoundedDescriptor.CLOSED) {
                return closed;
            }
            closeDescriptor(victim, fd);
            closed++;
        }
        return closed;
    }

    void closeDescriptor(final BoundedDescriptor descriptor, final int fd) {
        descriptor.closing(fd);
        final int result = Posix.close(fd);
        if (result < 0) {
            descriptor.closeFailed(-result);
        }
    }

    private void append(final BoundedDescriptor descriptor) {
        assert lock.isHeldByCurrentThread() && !descriptor.linked;
        descriptor.previous = ring.previous;
        descriptor.next = ring;
        ring.previous.next = descriptor;
        ring.previous = descriptor;
        descriptor.linked = true;
        size++;
    }

    private void remove(final BoundedDescriptor descriptor) {
        assert lock.isHeldByCurrentThread() && descriptor.linked;
        descriptor.previous.next = descriptor.next;
        descriptor.next.previous = descriptor.previous;
        descriptor.previous = null;
        descriptor.next = null;
        descriptor.linked = false;
        size--;
    }
}
