package io.quire.engine.cache;

import java.util.ArrayDeque;

/** Off-heap memory, given back when the cache can no longer be reached. Holds no reference to the cache. */
final class OffHeapResources implements Runnable {
    private final ArrayDeque<AutoCloseable> kept = new ArrayDeque<>();

    synchronized <T extends AutoCloseable> T keep(final T resource) {
        kept.push(resource);
        return resource;
    }

    @Override
    public synchronized void run() {
        while (!kept.isEmpty()) {
            try {
                kept.pop().close();
            } catch (final Exception e) {
                throw new IllegalStateException("giving back off-heap memory", e);
            }
        }
    }
}
