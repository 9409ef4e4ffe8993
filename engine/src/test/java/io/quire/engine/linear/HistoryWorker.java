package io.quire.engine.linear;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;

import io.quire.engine.cache.BeyondEndException;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.linear.WordOperation.Effect;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.Fault;
import io.quire.engine.store.FaultyStore;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreOperation;

/**
 * One thread of a history round: does random things to the hot file and records what they did to the words that are watched.
 *
 * <p>Every word that is written holds who wrote it and where it belongs, so a value tells its write, and one that turns up in
 * another place is found without any history. All ranges are whole words: those are what readers see undivided.
 */
final class HistoryWorker implements Callable<Void> {
    /** Pages of the hot file. */
    static final int PAGES = 40;
    /** Bytes that the hot file has at most. */
    static final int FILE_SIZE = PAGES * PageCache.PAGE_SIZE;
    /** Pages of the file that only fills the cache. */
    static final int COLD_PAGES = 2500;

    private static final int PAGE = PageCache.PAGE_SIZE;
    private static final int HOT_PAGES = 5;
    private static final int LONGEST = 6 * PAGE;
    private static final int COLD_RUN = 48;
    /** How much of all trouble is a store that breaks: every such write stays uncertain to the end of the round. */
    private static final int BREAK_ONE_IN = 50;
    private static final int PLACE_BITS = 20;
    private static final int SECOND_PIECE = 2 * LONGEST;
    private static final int BUFFER = COLD_RUN * PAGE;
    /** First and last of a page, of a block of it, and neighbours. */
    private static final int[] WATCHED = {0, 1, 63, 64, 256, 511};

    private final Random random;
    private final HistoryRecorder recorder;
    private final HistoryRecorder.Track track;
    private final PageCache cache;
    private final CachedFile cold;
    private final List<WritePolicy> policies;
    private final FaultyStore faults;
    private final AtomicBoolean breaks;
    private final boolean mischief;
    private final int operations;
    private final int number;
    private final byte[] array = new byte[LONGEST];
    /** Null when this round maps nothing. */
    private final AddressSpace space;
    private CachedFile file;
    private MappedRegion region;
    private long buffer;
    private long sequence;
    private long coldPage;

    /** A store that broke after it had taken what was written. */
    static final class BrokenStoreException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BrokenStoreException() {
            super("the store broke, as the test wants it");
        }
    }

    HistoryWorker(final long seed, final int number, final int operations, final HistoryRecorder recorder,
        final PageCache cache, final CachedFile file, final CachedFile cold, final List<WritePolicy> policies,
        final FaultyStore faults, final AtomicBoolean breaks, final boolean mischief, final AddressSpace space) throws CacheException {
        this.random = new Random(seed * 1_000_003 + number);
        this.number = number;
        this.operations = operations;
        this.recorder = recorder;
        this.track = recorder.track();
        this.cache = cache;
        this.file = file.reopen();
        this.cold = cold;
        this.policies = policies;
        this.faults = faults;
        this.breaks = breaks;
        this.mischief = mischief;
        this.space = space;
        this.region = space == null ? null : map();
        this.coldPage = random.nextInt(COLD_PAGES);
    }

    @Override
    public Void call() throws Exception {
        buffer = NativeMemory.reserve(BUFFER, false);
        try (IoVector vector = new IoVector()) {
            for (int i = 0; i < operations; i++) {
                step(vector);
            }
        } finally {
            NativeMemory.release(buffer, BUFFER);
            if (region != null) {
                region.close();
            }
            file.close();
        }
        return null;
    }

    private void step(final IoVector vector) throws CacheException {
        if (mischief && random.nextInt(12) == 0) {
            makeTrouble();
        }
        final int choice = random.nextInt(1000);
        if (choice < 480) {
            if (space != null && random.nextInt(3) == 0) {
                readRegion();
            } else {
                read(vector);
            }
        } else if (choice < 720) {
            if (space != null && random.nextInt(3) == 0) {
                writeRegion();
            } else {
                write(vector);
            }
        } else if (choice < 850) {
            readCold();
        } else if (choice < 880) {
            final long size = 8L * random.nextInt(FILE_SIZE / 8 + 1);
            track.note("truncates to " + size);
            zero(size, FILE_SIZE, () -> file.truncate(size));
        } else if (choice < 900) {
            // Cuts into a page that everybody uses, and lets the rest come back as zeros.
            final long size = 8L * random.nextInt(HOT_PAGES * PAGE / 8);
            track.note("truncates to " + size + " and back");
            zero(size, FILE_SIZE, () -> file.truncate(size));
            zero(FILE_SIZE, FILE_SIZE, () -> file.truncate(FILE_SIZE));
        } else if (choice < 940 && space == null) {
            // With regions a store that races with a punch may be lost after the hole was seen: K12.
            final long[] range = range(LONGEST);
            track.note("punches " + range[1] + " at " + range[0]);
            zero(range[0], range[0] + range[1], () -> file.punch(range[0], range[1]));
        } else {
            disturb(choice);
        }
    }

    /** What must not change any word, be it that the store refuses what was dirty. */
    private void disturb(final int choice) throws CacheException {
        try {
            track.note("disturbs (" + choice + ")");
            if (choice < 955) {
                file.invalidate();
            } else if (choice < 958 && !mischief) {
                cache.drop();
            } else if (choice < 962) {
                cache.resize(PageCache.MIN_CAPACITY + (long) random.nextInt(8) * (PageCache.MIN_CAPACITY / 8));
            } else if (choice < 967) {
                cache.compact();
            } else if (choice < 972 && space != null) {
                region.close();
                region = map();
            } else if (choice < 980) {
                final CachedFile next = file.reopen();
                file.close();
                file = next;
            } else if (choice < 988) {
                file.sync(true);
            } else {
                file.writePolicy(policies.get(random.nextInt(policies.size())));
            }
        } catch (final CacheException e) {
            expected(e);
        } catch (final BrokenStoreException e) {
            tolerate(e);
        }
    }

    /** Something happens to a call of the store that comes soon, perhaps of another thread. */
    private void makeTrouble() {
        if (random.nextInt(BREAK_ONE_IN) == 0) {
            breaks.set(true);
            return;
        }
        final StoreOperation operation = switch (random.nextInt(8)) {
            case 0 -> StoreOperation.READ;
            // With dirty pages, a truncate that is refused after a writeback that was refused too may lose what is cut off (M7).
            case 1 -> space == null ? StoreOperation.TRUNCATE : StoreOperation.WRITE;
            case 2 -> StoreOperation.PUNCH;
            default -> StoreOperation.WRITE;
        };
        // Cut off between words, so that each word either arrived or did not.
        final long bytes = 8L * (1 + random.nextInt(random.nextBoolean() ? 512 : LONGEST / 8));
        faults.onNext(operation, !operation.isTransfer() || random.nextInt(3) == 0 ? Fault.error(Errno.EIO)
            : random.nextBoolean() ? Fault.shorten(bytes) : Fault.errorAfter(bytes, Errno.ENOSPC));
    }

    /** Mostly in the few pages that everybody uses; a word, within a page, whole pages, or across several. */
    private long[] range(final int longest) {
        final int pages = random.nextInt(4) == 0 ? PAGES : HOT_PAGES;
        final long limit = (long) pages * PAGE;
        final long from;
        final long length;
        switch (random.nextInt(4)) {
            case 0 -> {
                from = (long) random.nextInt(pages) * PAGE + 8L * WATCHED[random.nextInt(WATCHED.length)];
                length = 8;
            }
            case 1 -> {
                from = (long) random.nextInt(pages) * PAGE;
                length = (long) PAGE * (1 + random.nextInt(longest / PAGE));
            }
            default -> {
                from = 8L * random.nextInt((int) limit / 8);
                length = 8L * (1 + random.nextInt(random.nextBoolean() ? 100 : longest / 8));
            }
        }
        return new long[] {from, Math.min(length, limit - from)};
    }

    // ---- reads ----

    private void read(final IoVector vector) throws CacheException {
        final long[] range = range(LONGEST);
        final long from = range[0];
        final int length = (int) range[1];
        final int how = random.nextInt(4);
        final long invoked = recorder.tick();
        int n;
        try {
            n = switch (how) {
                case 0 -> file.read(from, array, 0, length);
                case 1 -> (int) file.readVector(from, pieces(vector, length));
                case 2 -> length == Long.BYTES ? get(from) : file.read(from, buffer, length);
                default -> file.read(from, buffer, length);
            };
        } catch (final BeyondEndException e) {
            n = 0;
        } catch (final CacheException e) {
            expected(e);
            return;
        }
        final long returned = recorder.tick();
        if (how == 0) {
            OffHeap.copyFromArray(array, 0, buffer, n);
        } else if (how == 1) {
            OffHeap.copy(buffer + SECOND_PIECE, buffer + firstPiece(length), length - firstPiece(length));
        }
        record(from, length, n, buffer, invoked, returned);
    }

    private int get(final long from) throws CacheException {
        OffHeap.putLong(buffer, file.getLong(from));
        return Long.BYTES;
    }

    /** Records a read of n bytes, and looks at every word of it. */
    private void record(final long from, final int length, final int n, final long address, final long invoked,
        final long returned) {
        for (int at = 0; at < length; at += 8) {
            final long word = from + at >>> 3;
            if (at + 8 > n) {
                // Shorter because of the end of the file, or because of an error that goes unmentioned: then nothing is known.
                if (!mischief && watched(word)) {
                    track.add(word, Effect.READ, 0, invoked, returned);
                }
                continue;
            }
            final long value = OffHeap.getLong(address + at);
            if (value != 0 && (value & (1 << PLACE_BITS) - 1) != word) {
                throw new AssertionError("word " + word + " holds " + Long.toHexString(value) + ", which belongs to word "
                    + (value & (1 << PLACE_BITS) - 1));
            }
            if (watched(word)) {
                track.add(word, Effect.READ, value, invoked, returned);
            }
        }
    }

    private void readCold() throws CacheException {
        if (random.nextInt(4) == 0) {
            coldPage = random.nextInt(COLD_PAGES);
        }
        final int pages = 1 + random.nextInt(COLD_RUN);
        final int n;
        try {
            n = cold.read(coldPage * PAGE, buffer, pages * PAGE);
        } catch (final CacheException e) {
            expected(e);
            return;
        }
        for (int at = 0; at + 8 <= n; at += 512) {
            if (OffHeap.getLong(buffer + at) != coldWord(coldPage * PAGE + at)) {
                throw new AssertionError("the cold file holds " + Long.toHexString(OffHeap.getLong(buffer + at)) + " at "
                    + (coldPage * PAGE + at));
            }
        }
        coldPage = (coldPage + pages) % COLD_PAGES;
    }

    static long coldWord(final long position) {
        return position * 0x9E3779B97F4A7C15L;
    }

    // ---- writes ----

    private void write(final IoVector vector) throws CacheException {
        final long[] range = range(LONGEST);
        final long from = range[0];
        final int length = (int) range[1];
        final long writer = invent(from, length);
        track.note("writes " + length + " at " + from);
        OffHeap.copyToArray(buffer, array, 0, length);
        OffHeap.copy(buffer + firstPiece(length), buffer + SECOND_PIECE, length - firstPiece(length));
        final int how = random.nextInt(4);
        final long invoked = recorder.tick();
        int n = 0;
        boolean broke = false;
        try {
            n = switch (how) {
                case 0 -> file.write(from, array, 0, length);
                case 1 -> (int) file.writeVector(from, pieces(vector, length));
                default -> file.write(from, buffer, length);
            };
        } catch (final CacheException e) {
            expected(e);
        } catch (final BrokenStoreException e) {
            broke = true;
        }
        final long returned = recorder.tick();
        for (int at = 0; at < length; at += 8) {
            final long word = from + at >>> 3;
            if (watched(word)) {
                if (broke) {
                    // What arrived beyond the end of the file may come to light when the file grows, long afterwards.
                    track.add(word, Effect.UNCERTAIN, writer | word, invoked, WordOperation.NEVER);
                } else {
                    // A page that a region made dirty keeps what was refused, or the region's bytes would be lost with it.
                    track.add(word, at < n ? Effect.WRITE : space == null ? Effect.REFUSED : Effect.UNCERTAIN, writer | word,
                        invoked, returned);
                }
            }
        }
    }

    /** Fills the buffer with words that say who wrote them and where they belong; returns who. */
    private long invent(final long from, final int length) {
        final long writer = ((long) number << 32 | ++sequence) << PLACE_BITS;
        for (int at = 0; at < length; at += 8) {
            OffHeap.putLong(buffer + at, writer | from + at >>> 3);
        }
        return writer;
    }

    // ---- the same through a mapped region ----

    private MappedRegion map() throws CacheException {
        return space.map(file, 0, FILE_SIZE, Sharing.SHARED, Protection.READ_WRITE);
    }

    private void readRegion() throws CacheException {
        final long[] range = range(LONGEST);
        final long from = range[0];
        final int length = (int) range[1];
        final long invoked = recorder.tick();
        try {
            if (length == Long.BYTES) {
                OffHeap.putLong(buffer, region.getLong(from));
            } else {
                region.get(from, buffer, length);
            }
        } catch (final BeyondEndException e) {
            final long returned = recorder.tick();
            if (length == Long.BYTES) {
                record(from, length, 0, buffer, invoked, returned);
            }
            return;
        } catch (final CacheException e) {
            expected(e);
            return;
        }
        record(from, length, length, buffer, invoked, recorder.tick());
    }

    private void writeRegion() throws CacheException {
        final long[] range = range(LONGEST);
        final long from = range[0];
        final int length = (int) range[1];
        final long writer = invent(from, length);
        track.note("stores " + length + " at " + from + " through its region");
        final long invoked = recorder.tick();
        Effect effect = Effect.WRITE;
        try {
            if (length == Long.BYTES) {
                region.putLong(from, writer | from >>> 3);
            } else {
                region.put(from, buffer, length);
            }
        } catch (final BeyondEndException e) {
            // A part may have been stored before the file became shorter.
            effect = Effect.UNCERTAIN;
        } catch (final CacheException e) {
            expected(e);
            effect = Effect.UNCERTAIN;
        } catch (final BrokenStoreException e) {
            tolerate(e);
            effect = Effect.UNCERTAIN;
        }
        final long returned = recorder.tick();
        for (int at = 0; at < length; at += 8) {
            final long word = from + at >>> 3;
            if (watched(word)) {
                track.add(word, effect, writer | word, invoked, returned);
            }
        }
    }

    /** Two pieces that do not follow each other in memory. */
    private IoVector pieces(final IoVector vector, final int length) {
        vector.clear();
        final int first = firstPiece(length);
        if (first > 0) {
            vector.add(buffer, first);
        }
        vector.add(buffer + SECOND_PIECE, length - first);
        return vector;
    }

    private static int firstPiece(final int length) {
        return length / 16 * 8;
    }

    /** Something that may fail, but not in any way. */
    private interface Zeroing {
        void run() throws CacheException;
    }

    private void zero(final long from, final long end, final Zeroing action) throws CacheException {
        final long invoked = recorder.tick();
        Effect effect = Effect.WRITE;
        try {
            action.run();
        } catch (final CacheException e) {
            expected(e);
            effect = Effect.REFUSED;
        } catch (final BrokenStoreException e) {
            // While pages were written back, before anything else.
            tolerate(e);
            effect = Effect.REFUSED;
        }
        final long returned = recorder.tick();
        for (long word = from >>> 3; word < end >>> 3; word++) {
            if (watched(word)) {
                track.add(word, effect, 0, invoked, returned);
            }
        }
    }

    private void expected(final CacheException e) throws CacheException {
        track.note(e.getMessage());
        if (!mischief || e.errno() != Errno.EIO && e.errno() != Errno.ENOSPC) {
            throw e;
        }
    }

    /** A writeback on which the store breaks has what it wrote; only mapped rounds write back. */
    private void tolerate(final BrokenStoreException e) {
        if (!mischief || space == null) {
            throw e;
        }
    }

    // ---- from outside, when all is still ----

    /** A read of the whole file by nobody in particular. */
    static void recordAll(final HistoryRecorder recorder, final CachedFile file) throws CacheException {
        final HistoryRecorder.Track track = recorder.track();
        final byte[] all = new byte[FILE_SIZE];
        final long invoked = recorder.tick();
        final int n = file.read(0, all, 0, FILE_SIZE);
        final long returned = recorder.tick();
        if (n != Math.min(file.size(), FILE_SIZE)) {
            throw new AssertionError("read " + n + " bytes of a file of " + file.size());
        }
        final LongBuffer words = ByteBuffer.wrap(all).order(ByteOrder.nativeOrder()).asLongBuffer();
        for (int word = 0; word < FILE_SIZE / 8; word++) {
            if (watched(word)) {
                track.add(word, Effect.READ, words.get(word), invoked, returned);
            }
        }
    }

    private static boolean watched(final long word) {
        return switch ((int) word & 511) {
            case 0, 1, 63, 64, 256, 511 -> true;
            default -> false;
        };
    }
}
