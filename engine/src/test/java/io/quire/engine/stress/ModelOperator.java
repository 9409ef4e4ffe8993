package io.quire.engine.stress;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.Store;
import io.quire.engine.write.WritePolicies;

/**
 * One thread that does random things to a few files, and compares whatever it reads with a model in plain memory. As nobody
 * else changes the files, the model is exact: every byte, every count and every size.
 */
final class ModelOperator implements AutoCloseable {
    /** What is done; the number is how often, of all of them. */
    enum Kind {
        READ(220), READ_ARRAY(60), READ_VECTOR(30), READ_LONG(5), WRITE(120), WRITE_ARRAY(60), WRITE_VECTOR(30), WRITE_LONG(4),
        TRUNCATE(12), GROW(6), PUNCH(16), ALLOCATE(4), SYNC(6), INVALIDATE(3), REOPEN(5), CLOSE_AND_OPEN(2), POLICY(8),
        LOAD(160), STORE(90), GET(60), PUT(40), WRITE_SLICE(20), READ_SLICE(15), MAP(8), UNMAP(5), REMAP(4), MOVE(3),
        PROTECT(3), SYNC_REGION(4);

        private final int weight;

        Kind(final int weight) {
            this.weight = weight;
        }
    }

    private static final int PAGE = PageCache.PAGE_SIZE;
    private static final int FILES = 3;
    /** As many pages as the files can have together. */
    static final int MOST_PAGES = FILES * ModelFile.MAX_SIZE / PAGE;
    private static final int SHORT = 300;
    private static final int LONG = 1 << 20;
    private static final int HALF = LONG;
    private static final List<WritePolicy> POLICIES =
        WritePolicies.all().stream().filter(policy -> !policy.isLaboratory()).toList();

    private final long seed;
    private final Random random;
    private final ModelFile[] files = new ModelFile[FILES];
    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    private final Kind[] deck;
    private final byte[] bytes = new byte[LONG];
    private final long buffer = NativeMemory.reserve(2L * LONG, false);
    private final IoVector vector = new IoVector();
    private final RegionOperator regions;
    private long operations;
    private String doing = "nothing yet";

    ModelOperator(final long seed, final PageCache cache, final Store store) throws IOException {
        this.seed = seed;
        this.random = new Random(seed);
        for (int i = 0; i < FILES; i++) {
            files[i] = new ModelFile("file" + i, cache, store);
        }
        regions = new RegionOperator(this, random, buffer);
        deck = Arrays.stream(Kind.values()).flatMap(kind -> Collections.nCopies(kind.weight, kind).stream())
            .toArray(Kind[]::new);
    }

    void run(final long count) throws IOException {
        final long end = operations + count;
        while (operations < end) {
            step();
        }
    }

    /**
     * Writes all files up to the largest size and reads them back: {@link #MOST_PAGES} pages of open files, all of them cached at
     * one moment or another, whatever was done before.
     */
    void fill() throws IOException {
        for (final ModelFile file : files) {
            for (int at = 0; at < ModelFile.MAX_SIZE; at += LONG) {
                doing = "filling " + file.name + " at " + at;
                final int length = Math.min(LONG, ModelFile.MAX_SIZE - at);
                invent(bytes, length);
                if (file.handle.write(at, bytes, 0, length) != length) {
                    throw new AssertionError(where() + ": a short write");
                }
                file.write(at, bytes, 0, length);
            }
        }
        for (final ModelFile file : files) {
            doing = "comparing " + file.name + ", filled";
            compareWhole(file);
        }
    }

    private void step() throws IOException {
        operations++;
        final Kind kind = deck[random.nextInt(deck.length)];
        counts.merge(kind, 1L, Long::sum);
        final ModelFile file = files[random.nextInt(FILES)];
        try {
            operate(kind, file);
        } catch (final IOException | RuntimeException e) {
            throw new AssertionError(where(), e);
        }
    }

    String where() {
        return "seed " + seed + ", operation " + operations + ": " + doing;
    }

    /** Says more about what is being done, for the message when it goes wrong. */
    void note(final String detail) {
        doing += " " + detail;
    }

    private void operate(final Kind kind, final ModelFile file) throws IOException {
        doing = kind + " " + file.name + " of " + file.size;
        switch (kind) {
            case READ, READ_ARRAY, READ_VECTOR, READ_LONG -> read(kind, file);
            case WRITE, WRITE_ARRAY, WRITE_VECTOR, WRITE_LONG -> write(kind, file);
            case TRUNCATE -> truncate(file, file.size == 0 ? 0 : random.nextInt(4) == 0 ? random.nextInt(file.size)
                : file.size - random.nextInt(Math.min(file.size, 40 * PAGE)));
            case GROW -> truncate(file, position(ModelFile.MAX_SIZE));
            case PUNCH -> {
                final int offset = position(ModelFile.MAX_SIZE - 1);
                final int length = 1 + Math.min(length(random.nextInt(8) == 0 ? LONG : 12 * PAGE), ModelFile.MAX_SIZE - offset - 1);
                note(length + " at " + offset);
                file.handle.punch(offset, length);
                file.zero(offset, Math.min(offset + length, file.size));
            }
            case ALLOCATE -> {
                final int offset = position(ModelFile.MAX_SIZE - 1);
                final int length = 1 + Math.min(length(LONG), ModelFile.MAX_SIZE - offset - 1);
                final boolean keepSize = random.nextBoolean();
                note(length + " at " + offset + (keepSize ? " keeping the size" : ""));
                file.handle.allocate(offset, length, keepSize);
                file.size = keepSize ? file.size : Math.max(file.size, offset + length);
            }
            case SYNC -> file.handle.sync(random.nextBoolean());
            case INVALIDATE -> file.handle.invalidate();
            case REOPEN -> file.reopen();
            case CLOSE_AND_OPEN -> {
                regions.unmapAll(file);
                file.closeAndOpen();
            }
            case POLICY -> file.handle.writePolicy(POLICIES.get(random.nextInt(POLICIES.size())));
            default -> regions.operate(kind, file);
        }
        if (file.handle.size() != file.size) {
            throw new AssertionError(where() + ": the size is " + file.handle.size() + ", expected " + file.size);
        }
    }

    // ---- where and how much ----

    /** Often at or near the edge of a page or block, because that is where the cases are. */
    int position(final int limit) {
        final int any = random.nextInt(limit);
        return switch (random.nextInt(5)) {
            case 0 -> any & -PAGE;
            case 1 -> any & -512;
            case 2 -> Math.clamp((any & -PAGE) + random.nextInt(17) - 8, 0, limit - 1);
            default -> any;
        };
    }

    int length(final int longest) {
        return switch (random.nextInt(6)) {
            case 0 -> 1 + random.nextInt(16);
            case 1 -> Math.min(longest, PAGE);
            case 2 -> Math.min(longest, PAGE * (1 + random.nextInt(4)));
            case 3 -> 1 + random.nextInt(longest);
            default -> 1 + random.nextInt(Math.min(longest, SHORT));
        };
    }

    // ---- files ----

    private void read(final Kind kind, final ModelFile file) throws IOException {
        final int offset = position(Math.min(ModelFile.MAX_SIZE - 1, file.size + 2 * PAGE) + 1);
        final int length = Math.min(kind == Kind.READ_LONG ? LONG / 4 + length(3 * LONG / 4) : length(9 * PAGE), LONG);
        note(length + " at " + offset);
        final int n = switch (kind) {
            case READ_ARRAY -> file.handle.read(offset, bytes, 0, length);
            case READ_VECTOR -> (int) file.handle.readVector(offset, pieces(length));
            default -> file.handle.read(offset, buffer, length);
        };
        final int expected = Math.clamp(file.size - offset, 0, length);
        if (n != expected) {
            throw new AssertionError(where() + ": read " + n + " bytes, expected " + expected);
        }
        if (kind == Kind.READ_VECTOR) {
            final int first = length / 2;
            OffHeap.copyToArray(buffer, bytes, 0, Math.min(n, first));
            OffHeap.copyToArray(buffer + HALF, bytes, first, Math.max(0, n - first));
        } else if (kind != Kind.READ_ARRAY) {
            OffHeap.copyToArray(buffer, bytes, 0, n);
        }
        compare(file.content, offset, n, 0);
    }

    private void write(final Kind kind, final ModelFile file) throws IOException {
        final int offset = random.nextInt(6) == 0 ? position(ModelFile.MAX_SIZE - 1)
            : position(Math.min(file.size, ModelFile.MAX_SIZE - 1) + 1);
        final int length = Math.min(kind == Kind.WRITE_LONG ? LONG / 4 + length(3 * LONG / 4) : length(9 * PAGE),
            Math.min(LONG, ModelFile.MAX_SIZE - offset));
        note(length + " at " + offset);
        invent(bytes, length);
        final int n;
        if (kind == Kind.WRITE_ARRAY) {
            n = file.handle.write(offset, bytes, 0, length);
        } else if (kind == Kind.WRITE_VECTOR) {
            final int first = length / 2;
            OffHeap.copyFromArray(bytes, 0, buffer, first);
            OffHeap.copyFromArray(bytes, first, buffer + HALF, length - first);
            n = (int) file.handle.writeVector(offset, pieces(length));
        } else {
            OffHeap.copyFromArray(bytes, 0, buffer, length);
            n = file.handle.write(offset, buffer, length);
        }
        if (n != length) {
            throw new AssertionError(where() + ": wrote " + n + " bytes");
        }
        file.write(offset, bytes, 0, length);
    }

    private void truncate(final ModelFile file, final int size) throws IOException {
        note("to " + size);
        file.handle.truncate(size);
        final boolean shorter = size < file.size;
        file.truncate(size);
        if (shorter) {
            regions.truncated(file);
        }
    }

    /** Bytes that were never there before, none of them zero: a hole is never taken for data. */
    void invent(final byte[] target, final int length) {
        int state = random.nextInt() | 1;
        for (int i = 0; i < length; i++) {
            state = state * 1664525 + 1013904223;
            target[i] = (byte) (state >>> 24 | 1);
        }
    }

    private IoVector pieces(final int length) {
        vector.clear();
        final int first = length / 2;
        if (first > 0) {
            vector.add(buffer, first);
        }
        vector.add(buffer + HALF, length - first);
        return vector;
    }

    private void compare(final byte[] expected, final int offset, final int length, final int from) {
        final int different = Arrays.mismatch(bytes, from, from + length, expected, offset, offset + length);
        if (different >= 0) {
            final int at = offset + different;
            throw new AssertionError(where() + ": byte " + at + " (page " + at / PAGE + " + " + at % PAGE + ") is "
                + Integer.toHexString(bytes[from + different] & 0xff) + ", expected " + Integer.toHexString(expected[at] & 0xff));
        }
    }

    // ---- the end ----

    /** Every region and file against its model, from the cache and then from the store. */
    void compareAll() throws IOException {
        regions.compareAll();
        for (final ModelFile file : files) {
            doing = "comparing " + file.name;
            compareWhole(file);
            regions.unmapAll(file);
            file.closeAndOpen();
            doing = "comparing " + file.name + " from the store";
            compareWhole(file);
        }
    }

    private void compareWhole(final ModelFile file) throws IOException {
        if (file.handle.size() != file.size) {
            throw new AssertionError(where() + ": the size is " + file.handle.size() + ", expected " + file.size);
        }
        for (int at = 0; at < file.size; at += LONG) {
            final int length = Math.min(LONG, file.size - at);
            if (file.handle.read(at, bytes, 0, length) != length) {
                throw new AssertionError(where() + ": a short read at " + at);
            }
            compare(file.content, at, length, 0);
        }
    }

    long operations() {
        return operations;
    }

    /** How often each kind was done. */
    void countInto(final Map<String, Long> target) {
        counts.forEach((kind, count) -> target.put(kind.name(), count));
    }

    @Override
    public void close() throws IOException {
        try {
            regions.close();
            for (final ModelFile file : files) {
                file.close();
            }
        } finally {
            vector.close();
            NativeMemory.release(buffer, 2L * LONG);
        }
    }
}
