package io.quire.engine.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import io.quire.engine.cache.BeyondEndException;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.PageCache;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;

/** The region operations of a {@link ModelOperator}: a few regions of its files, and what each must show. */
final class RegionOperator implements AutoCloseable {
    private static final int PAGE = PageCache.PAGE_SIZE;
    private static final int MOST_REGIONS = 8;
    private static final int LONGEST_REGION = 1 << 20;
    private static final int LONGEST_COPY = 24 * PAGE;

    private final ModelOperator operator;
    private final Random random;
    private final long buffer;
    private final AddressSpace space;
    private final List<ModelRegion> regions = new ArrayList<>();
    private final byte[] bytes = new byte[LONGEST_COPY];
    private final byte[] expected = new byte[LONGEST_COPY];
    private final ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());

    RegionOperator(final ModelOperator operator, final Random random, final long buffer) {
        this.operator = operator;
        this.random = random;
        this.buffer = buffer;
        this.space = new AddressSpace(random.nextBoolean() ? PAGE : AddressSpace.FAULT_AROUND);
    }

    void operate(final ModelOperator.Kind kind, final ModelFile file) throws IOException {
        if (kind == ModelOperator.Kind.MAP || regions.isEmpty()) {
            map(file);
            return;
        }
        final ModelRegion region = regions.get(random.nextInt(regions.size()));
        operator.note(region.toString());
        switch (kind) {
            case LOAD -> load(region);
            case STORE -> store(region);
            case GET -> get(region);
            case PUT -> put(region);
            case WRITE_SLICE -> writeSlice(region, file);
            case READ_SLICE -> readSlice(region, file);
            case UNMAP -> unmap(region);
            case REMAP -> {
                final int length = operator.position(LONGEST_REGION) + 1;
                operator.note(" to " + length);
                region.region.remap(length);
                region.resized(length);
            }
            case MOVE -> assertThat(region.region.move()).isEqualTo(region.region.address());
            case PROTECT -> {
                region.writable = random.nextInt(4) != 0;
                region.region.protect(region.writable ? Protection.READ_WRITE : Protection.READ);
            }
            case SYNC_REGION -> region.region.sync();
            default -> throw new AssertionError(kind);
        }
        assertThat(region.region.privateBytes()).as("%s: memory of private copies", operator.where())
            .isEqualTo(regions.contains(region) ? region.privateBytes() : 0);
    }

    private void map(final ModelFile file) throws IOException {
        if (regions.size() == MOST_REGIONS) {
            unmap(regions.get(random.nextInt(MOST_REGIONS)));
        }
        final int offset = operator.position(Math.min(file.size, ModelFile.MAX_SIZE - 1) + 1) & -PAGE;
        final int length = operator.position(LONGEST_REGION) + 1;
        final boolean shared = random.nextInt(3) != 0;
        final boolean writable = random.nextInt(6) != 0;
        final MappedRegion region = space.map(file.handle, offset, length, shared ? Sharing.SHARED : Sharing.PRIVATE,
            writable ? Protection.READ_WRITE : Protection.READ);
        regions.add(new ModelRegion(region, file, offset, length, shared, writable));
        operator.note(regions.get(regions.size() - 1).toString());
    }

    private void unmap(final ModelRegion region) throws IOException {
        regions.remove(region);
        if (random.nextBoolean()) {
            region.region.unmap();
        } else {
            region.region.close();
        }
        refused(Errno.EBADF, () -> region.region.getByte(0));
    }

    // ---- loads and stores ----

    private void load(final ModelRegion region) throws IOException {
        final int size = 1 << random.nextInt(4);
        final int offset = operator.position(region.length + 9);
        operator.note(", " + size + " bytes at " + offset);
        if (refusedBefore(region, offset, size, false, () -> loadAny(region, offset, size))) {
            return;
        }
        final long value = loadAny(region, offset, size);
        words.putLong(0, value);
        final int low = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : Long.BYTES - size;
        region.get(offset, expected, size);
        compare(region, offset, low, size);
    }

    private long loadAny(final ModelRegion region, final int offset, final int size) throws IOException {
        final MappedRegion mapped = region.region;
        // Through the table only where the address is one of this region's.
        if (size != Short.BYTES && offset + size <= region.length && random.nextInt(4) == 0) {
            final long address = mapped.address() + offset;
            return switch (size) {
                case Byte.BYTES -> space.getByte(address);
                case Integer.BYTES -> space.getInt(address);
                default -> space.getLong(address);
            };
        }
        return switch (size) {
            case Byte.BYTES -> mapped.getByte(offset);
            case Short.BYTES -> mapped.getShort(offset);
            case Integer.BYTES -> mapped.getInt(offset);
            default -> mapped.getLong(offset);
        };
    }

    private void store(final ModelRegion region) throws IOException {
        final int size = 1 << random.nextInt(4);
        final int offset = operator.position(region.length + 9);
        final long value = random.nextLong() | 0x0101_0101_0101_0101L;
        operator.note(", " + size + " bytes at " + offset);
        if (refusedBefore(region, offset, size, true, () -> storeAny(region, offset, size, value))) {
            return;
        }
        storeAny(region, offset, size, value);
        words.putLong(0, value);
        if (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN) {
            System.arraycopy(bytes, Long.BYTES - size, bytes, 0, size);
        }
        region.put(offset, bytes, size);
    }

    private void storeAny(final ModelRegion region, final int offset, final int size, final long value) throws IOException {
        final MappedRegion mapped = region.region;
        switch (size) {
            case Byte.BYTES -> mapped.putByte(offset, (byte) value);
            case Short.BYTES -> mapped.putShort(offset, (short) value);
            case Integer.BYTES -> mapped.putInt(offset, (int) value);
            default -> {
                if (offset + size <= region.length && random.nextInt(4) == 0) {
                    space.putLong(mapped.address() + offset, value);
                } else {
                    mapped.putLong(offset, value);
                }
            }
        }
    }

    private void get(final ModelRegion region) throws IOException {
        final int offset = operator.position(region.length + 1);
        final int length = operator.length(LONGEST_COPY);
        operator.note(", " + length + " bytes at " + offset);
        final boolean byAddress = random.nextBoolean();
        final Access access = () -> {
            if (byAddress) {
                region.region.get(offset, buffer, length);
            } else {
                region.region.get(offset, bytes, 0, length);
            }
        };
        if (refusedBefore(region, offset, length, false, access)) {
            return;
        }
        access.run();
        if (byAddress) {
            OffHeap.copyToArray(buffer, bytes, 0, length);
        }
        region.get(offset, expected, length);
        compare(region, offset, 0, length);
    }

    private void put(final ModelRegion region) throws IOException {
        final int offset = operator.position(region.length + 1);
        final int length = operator.length(LONGEST_COPY);
        operator.note(", " + length + " bytes at " + offset);
        operator.invent(bytes, length);
        OffHeap.copyFromArray(bytes, 0, buffer, length);
        final boolean byAddress = random.nextBoolean();
        final Access access = () -> {
            if (byAddress) {
                region.region.put(offset, buffer, length);
            } else {
                region.region.put(offset, bytes, 0, length);
            }
        };
        if (refusedBefore(region, offset, length, true, access)) {
            return;
        }
        access.run();
        region.put(offset, bytes, length);
    }

    // ---- slices ----

    /** A write from a region, often of the very file; the ranges do not overlap, or the order of the copy would matter. */
    private void writeSlice(final ModelRegion region, final ModelFile file) throws IOException {
        final int reachable = region.reachable();
        if (reachable == 0) {
            return;
        }
        final int from = operator.position(reachable);
        int length = Math.min(operator.length(LONGEST_COPY), reachable - from);
        final int source = region.fileOffset + from;
        // Often right behind the source, across the same pages.
        final int target = random.nextInt(3) == 0 ? Math.min(source + length, ModelFile.MAX_SIZE - 1)
            : operator.position(Math.min(file.size, ModelFile.MAX_SIZE - 1) + 1);
        length = Math.min(length, ModelFile.MAX_SIZE - target);
        if (overlap(region, file, source, target, length)) {
            length = Math.abs(source - target);
        }
        if (length == 0) {
            return;
        }
        operator.note(", slice of " + length + " at " + from + " written to " + file.name + " of " + file.size + " at " + target);
        region.get(from, expected, length);
        final long n = file.handle.writeFrom(region.region.slice(from, length), target, length);
        if (n != length) {
            throw new AssertionError(operator.where() + ": wrote " + n + " bytes");
        }
        file.write(target, expected, 0, length);
    }

    /** A read into a region. */
    private void readSlice(final ModelRegion region, final ModelFile file) throws IOException {
        final int reachable = region.reachable();
        if (reachable == 0 || !region.writable) {
            return;
        }
        final int to = operator.position(reachable);
        int length = Math.min(operator.length(LONGEST_COPY), reachable - to);
        final int target = region.fileOffset + to;
        final int source = operator.position(file.size + 1);
        if (overlap(region, file, source, target, length)) {
            length = Math.abs(source - target);
        }
        if (length == 0) {
            return;
        }
        operator.note(", slice of " + length + " at " + to + " read from " + file.name + " of " + file.size + " at " + source);
        final int there = Math.clamp(file.size - source, 0, length);
        System.arraycopy(file.content, source, expected, 0, there);
        final long n = region.region.slice(to, length).readFrom(file.handle, source);
        if (n != there) {
            throw new AssertionError(operator.where() + ": read " + n + " bytes, expected " + there);
        }
        region.put(to, expected, there);
    }

    private static boolean overlap(final ModelRegion region, final ModelFile file, final int source, final int target,
        final int length) {
        return region.file == file && Math.abs(source - target) < length;
    }

    // ---- what must be refused ----

    /** An access. */
    @FunctionalInterface
    private interface Access {
        void run() throws IOException;
    }

    /** Whether an access is to be refused; then it was tried, and refused as it must be. */
    private boolean refusedBefore(final ModelRegion region, final int offset, final int size, final boolean store,
        final Access access) throws IOException {
        if (offset + size > region.length) {
            refused(Errno.EFAULT, access);
        } else if (store && !region.writable) {
            refused(Errno.EACCES, access);
        } else if (!region.allows(offset, size)) {
            try {
                access.run();
            } catch (final BeyondEndException e) {
                return true;
            }
            throw new AssertionError(operator.where() + ": reached beyond the size " + region.file.size);
        } else {
            return false;
        }
        return true;
    }

    private void refused(final int errno, final Access access) throws IOException {
        try {
            access.run();
        } catch (final CacheException e) {
            assertThat(Errno.name(e.errno())).as("%s: %s", operator.where(), e.getMessage()).isEqualTo(Errno.name(errno));
            return;
        }
        throw new AssertionError(operator.where() + ": not refused with " + Errno.name(errno));
    }

    private void compare(final ModelRegion region, final int offset, final int from, final int length) {
        final int different = Arrays.mismatch(bytes, from, from + length, expected, 0, length);
        if (different >= 0) {
            final int at = region.fileOffset + offset + different;
            throw new AssertionError(operator.where() + ": byte " + at + " of the file (page " + at / PAGE + " + " + at % PAGE
                + ") is " + Integer.toHexString(bytes[from + different] & 0xff) + " in the region, expected "
                + Integer.toHexString(expected[different] & 0xff));
        }
    }

    // ---- for the files ----

    void truncated(final ModelFile file) {
        for (final ModelRegion region : regions) {
            if (region.file == file) {
                region.truncated();
            }
        }
    }

    /** So that no region keeps the pages of a file. */
    void unmapAll(final ModelFile file) throws IOException {
        for (final ModelRegion region : List.copyOf(regions)) {
            if (region.file == file) {
                unmap(region);
            }
        }
    }

    void compareAll() throws IOException {
        for (final ModelRegion region : regions) {
            operator.note("comparing " + region);
            final int reachable = region.reachable();
            for (int at = 0; at < reachable; at += LONGEST_COPY) {
                final int length = Math.min(LONGEST_COPY, reachable - at);
                region.region.get(at, bytes, 0, length);
                region.get(at, expected, length);
                compare(region, at, 0, length);
            }
        }
    }

    @Override
    public void close() throws CacheException {
        space.close();
    }
}
