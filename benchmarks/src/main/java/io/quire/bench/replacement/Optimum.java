package io.quire.bench.replacement;

import java.util.Arrays;

/**
 * The most hits that any policy can have that brings each page in when it is used: the page whose next use is farthest away
 * gives way. Source: Belady, "A study of replacement algorithms for a virtual-storage computer", 1966.
 */
final class Optimum {
    private static final int NEVER = Integer.MAX_VALUE;

    private Optimum() {
    }

    /** How many uses of a string hit in a cache of so many pages. */
    static long hits(final int frames, final ReferenceString string) {
        final int[] next = nextUses(string);
        // A heap of the next uses of cached pages, farthest first. A page that was used or removed since has another next use:
        // what the heap says of it is stale then, and found so when it comes up.
        final long[] heap = new long[string.length() + 1];
        final int[] nextOf = new int[string.pages()];
        Arrays.fill(nextOf, -1);
        int cached = 0;
        int size = 0;
        long hits = 0;
        for (int i = 0; i < string.length(); i++) {
            final int event = string.event(i);
            if (event < 0) {
                if (nextOf[~event] >= 0) {
                    nextOf[~event] = -1;
                    cached--;
                }
                continue;
            }
            if (nextOf[event] >= 0) {
                hits++;
            } else if (cached < frames) {
                cached++;
            } else {
                long farthest;
                do {
                    farthest = heap[0];
                    siftDown(heap, --size);
                } while (nextOf[(int) farthest] != (int) (farthest >>> Integer.SIZE));
                nextOf[(int) farthest] = -1;
            }
            nextOf[event] = next[i];
            siftUp(heap, size++, (long) next[i] << Integer.SIZE | event);
        }
        return hits;
    }

    /** For each event where its page is used next. */
    private static int[] nextUses(final ReferenceString string) {
        final int[] next = new int[string.length()];
        final int[] last = new int[string.pages()];
        Arrays.fill(last, NEVER);
        for (int i = string.length() - 1; i >= 0; i--) {
            final int event = string.event(i);
            if (event >= 0) {
                next[i] = last[event];
                last[event] = i;
            }
        }
        return next;
    }

    private static void siftUp(final long[] heap, final int at, final long value) {
        int i = at;
        while (i > 0 && heap[i - 1 >>> 1] < value) {
            heap[i] = heap[i - 1 >>> 1];
            i = i - 1 >>> 1;
        }
        heap[i] = value;
    }

    /** Takes the first out of a heap that has so many elements afterwards. */
    private static void siftDown(final long[] heap, final int size) {
        final long value = heap[size];
        int i = 0;
        int child;
        while ((child = 2 * i + 1) < size) {
            if (child + 1 < size && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= value) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = value;
    }
}
