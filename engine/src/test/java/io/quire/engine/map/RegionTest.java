package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.store.Errno;

/** One thread, one region: loads, stores, copies, and what is refused. */
class RegionTest extends RegionFixture {
    private static final int PAGES = 8;

    private final byte[] content = random(1, PAGES * PAGE - 100);

    @BeforeEach
    void write() throws Exception {
        write(0, content);
    }

    @Test
    @DisplayName("M1: a load of any size and alignment gives the bytes of the file")
    void loads() throws Exception {
        final MappedRegion region = shared(PAGE, 4 * PAGE);
        for (int offset = 0; offset < 2 * PAGE + 20; offset += offset % PAGE < PAGE - 20 ? 511 : 1) {
            assertThat(region.getByte(offset)).isEqualTo(content[PAGE + offset]);
            assertThat(region.getShort(offset)).isEqualTo((short) value(PAGE + offset, 2));
            assertThat(region.getInt(offset)).isEqualTo((int) value(PAGE + offset, 4));
            assertThat(region.getLong(offset)).isEqualTo(value(PAGE + offset, 8));
            assertThat(space.getLong(region.address() + offset)).isEqualTo(value(PAGE + offset, 8));
        }
        assertThat(get(region, 100, 3 * PAGE)).isEqualTo(Arrays.copyOfRange(content, PAGE + 100, 4 * PAGE + 100));
    }

    private long value(final int at, final int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (content[at + i] & 0xffL) << 8 * i;
        }
        return value;
    }

    @Test
    @DisplayName("M5: what is stored through a shared region is seen by reads and other regions at once, by the store after a sync")
    void sharedStores() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final MappedRegion other = shared(PAGE, PAGE);
        region.putLong(PAGE + 8, 0x0102030405060708L);
        space.putInt(region.address() + PAGE + 16, 0x11223344);
        region.putShort(2 * PAGE - 1, (short) 0x5566);
        region.putByte(3, (byte) 0x77);
        assertThat(other.getLong(8)).isEqualTo(0x0102030405060708L);
        assertThat(other.getInt(16)).isEqualTo(0x11223344);
        final byte[] read = read(0, content.length);
        assertThat(read[3]).isEqualTo((byte) 0x77);
        assertThat(read[2 * PAGE - 1]).isEqualTo((byte) 0x66);
        assertThat(read[2 * PAGE]).isEqualTo((byte) 0x55);
        assertThat(store.content(0, content.length)).as("before the sync").isEqualTo(content);
        assertThat(counter(CacheCounter.DIRTY)).isEqualTo(3);
        cache.verify();
        region.sync();
        assertThat(store.content(0, content.length)).isEqualTo(read);
        assertThat(counter(CacheCounter.DIRTY)).isZero();
    }

    @Test
    @DisplayName("M8: a private region keeps its stores, and follows the file where it has stored nothing")
    void privateStores() throws Exception {
        final MappedRegion region = ownCopy(0, 4 * PAGE);
        assertThat(region.getByte(10)).isEqualTo(content[10]);
        region.putByte(10, (byte) 2);
        assertThat(region.privateBytes()).isEqualTo(PAGE);
        write(0, filled(2 * PAGE, 9));
        assertThat(region.getByte(10)).isEqualTo((byte) 2);
        assertThat(region.getByte(11)).isEqualTo(content[11]);
        assertThat(region.getByte(PAGE)).isEqualTo((byte) 9);
        assertThat(read(10, 1)).containsExactly(9);
        assertThat(counter(CacheCounter.DIRTY)).isZero();
    }

    @Test
    @DisplayName("M4: an access beyond the size is refused to the byte, and allowed when the file has grown")
    void beyondTheEnd() throws Exception {
        final MappedRegion region = shared(0, 2 * PAGES * PAGE);
        assertThat(region.getByte(content.length - 1)).isEqualTo(content[content.length - 1]);
        assertBeyondEnd(() -> region.getByte(content.length));
        assertBeyondEnd(() -> region.getLong(content.length - 7));
        assertBeyondEnd(() -> region.putLong(content.length - 7, 0));
        assertBeyondEnd(() -> region.putByte(PAGES * PAGE, (byte) 1));
        assertBeyondEnd(() -> space.getByte(region.address() + content.length));
        assertBeyondEnd(() -> get(region, 0, content.length + 1));
        assertThat(read(0, content.length)).isEqualTo(content);
        file.truncate(2L * PAGES * PAGE);
        assertThat(region.getByte(content.length)).isZero();
        assertThat(region.getLong(2 * PAGES * PAGE - 8)).isZero();
    }

    @Test
    @DisplayName("M4: truncate takes pages and private copies back; they do not come back when the file grows")
    void truncate() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final MappedRegion own = ownCopy(0, PAGES * PAGE);
        get(region, 0, content.length);
        own.putByte(5 * PAGE, (byte) 77);
        file.truncate(3 * PAGE + 10);
        assertBeyondEnd(() -> region.getByte(3 * PAGE + 10));
        assertBeyondEnd(() -> region.getByte(5 * PAGE));
        assertBeyondEnd(() -> own.getByte(5 * PAGE));
        assertThat(own.privateBytes()).isZero();
        cache.verify();
        file.truncate(content.length);
        assertThat(region.getByte(3 * PAGE + 9)).isEqualTo(content[3 * PAGE + 9]);
        assertThat(region.getByte(3 * PAGE + 10)).isZero();
        assertThat(own.getByte(5 * PAGE)).isZero();
    }

    @Test
    @DisplayName("Bad input: ranges, protection and closed things are refused with typed errors")
    void badInput() throws Exception {
        assertErrno(Errno.EINVAL, () -> shared(-PAGE, PAGE));
        assertErrno(Errno.EINVAL, () -> shared(0, 0));
        assertErrno(Errno.EINVAL, () -> shared(0, -1));
        assertErrno(Errno.EINVAL, () -> shared(1, PAGE));
        assertErrno(Errno.EOVERFLOW, () -> shared(-PAGE & Long.MAX_VALUE, PAGE + 1));
        assertErrno(Errno.ENOMEM, () -> shared(0, AddressSpace.MAX_LENGTH + 1));
        final MappedRegion region = space.map(file, 0, 2 * PAGE, Sharing.SHARED, Protection.READ);
        assertErrno(Errno.EACCES, () -> region.putByte(0, (byte) 1));
        assertErrno(Errno.EACCES, () -> put(region, 0, new byte[10]));
        assertErrno(Errno.EFAULT, () -> region.getByte(-1));
        assertErrno(Errno.EFAULT, () -> region.getLong(2 * PAGE - 7));
        assertErrno(Errno.EFAULT, () -> region.getByte(Long.MAX_VALUE));
        assertErrno(Errno.EFAULT, () -> get(region, 0, 2 * PAGE + 1));
        assertErrno(Errno.EFAULT, () -> region.get(0, 0L, -1));
        assertErrno(Errno.EFAULT, () -> region.slice(1, 2 * PAGE));
        assertErrno(Errno.EFAULT, () -> space.getByte(0));
        assertErrno(Errno.EFAULT, () -> space.getByte(-1));
        assertErrno(Errno.EFAULT, () -> space.getByte(region.address() + 2 * PAGE));
        final long address = region.address();
        region.unmap();
        assertErrno(Errno.EBADF, () -> region.getByte(0));
        assertErrno(Errno.EBADF, region::unmap);
        assertErrno(Errno.EBADF, region::sync);
        assertErrno(Errno.EBADF, () -> region.protect(Protection.READ));
        assertErrno(Errno.EBADF, () -> region.remap(PAGE));
        assertErrno(Errno.EBADF, () -> region.slice(0, 1));
        assertErrno(Errno.EFAULT, () -> space.getByte(address));
        region.close();
        file.close();
        assertErrno(Errno.EBADF, () -> shared(0, PAGE));
    }

    @Test
    @DisplayName("M10: a region keeps the pages of a file whose handles are closed; dirty ones reach the store with the last")
    void keepsTheFile() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(0, (byte) 42);
        file.close();
        assertThat(region.getByte(1)).isEqualTo(content[1]);
        assertThat(store.isClosed()).isFalse();
        region.putByte(PAGE, (byte) 43);
        region.unmap();
        assertThat(store.isClosed()).isTrue();
        assertThat(store.content(0, 1)).containsExactly(42);
        assertThat(store.content(PAGE, 1)).containsExactly(43);
    }

    @Test
    @DisplayName("M11: remap shrinks and grows at the end and keeps private copies, also when the table moves")
    void remap() throws Exception {
        file.truncate(1L << 30);
        final MappedRegion own = ownCopy(0, 4 * PAGE);
        own.putByte(PAGE, (byte) 7);
        own.putByte(3 * PAGE, (byte) 8);
        own.remap(2 * PAGE);
        assertErrno(Errno.EFAULT, () -> own.getByte(2 * PAGE));
        own.remap(1 << 20);
        assertThat(own.getByte(PAGE)).isEqualTo((byte) 7);
        assertThat(own.getByte(3 * PAGE)).as("a copy that was cut off").isEqualTo(content[3 * PAGE]);
        own.putByte((1 << 20) - 1, (byte) 9);
        own.remap(1 << 28);
        assertThat(own.getByte((1 << 20) - 1)).isEqualTo((byte) 9);
        assertThat(own.getByte((1 << 28) - 1)).isZero();
        assertThat(own.privateBytes()).isEqualTo(2 * PAGE);
    }

    @Test
    @DisplayName("M11: a moved region is found at its new address only, with what it showed")
    void move() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(5, (byte) 6);
        final long before = region.address();
        final long after = region.move();
        assertThat(after).isNotEqualTo(before).isEqualTo(region.address());
        assertErrno(Errno.EFAULT, () -> space.getByte(before + 5));
        assertThat(space.getByte(after + 5)).isEqualTo((byte) 6);
        assertThat(space.find(after)).isSameAs(region);
    }

    @Test
    @DisplayName("M2: protect takes stores away at once and gives them back")
    void protect() throws Exception {
        for (final MappedRegion region : new MappedRegion[] {shared(0, PAGE), ownCopy(0, PAGE)}) {
            region.putByte(0, (byte) 1);
            region.protect(Protection.READ);
            assertErrno(Errno.EACCES, () -> region.putByte(0, (byte) 2));
            assertThat(region.getByte(0)).isEqualTo((byte) 1);
            region.protect(Protection.READ_WRITE);
            region.putByte(0, (byte) 3);
            assertThat(region.getByte(0)).isEqualTo((byte) 3);
        }
    }

    @Test
    @DisplayName("M9: a slice is the source of a write into its own file, and the target of a read")
    void slices() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final byte[] expected = content.clone();
        System.arraycopy(content, PAGE - 12, expected, 3 * PAGE - 5, 2 * PAGE);
        assertThat(file.writeFrom(region.slice(PAGE - 12, 2 * PAGE), 3 * PAGE - 5, 2 * PAGE)).isEqualTo(2 * PAGE);
        assertThat(read(0, content.length)).isEqualTo(expected);
        assertThat(region.slice(10, PAGE).readFrom(file, 2 * PAGE)).isEqualTo(PAGE);
        assertThat(get(region, 10, PAGE)).isEqualTo(Arrays.copyOfRange(expected, 2 * PAGE, 3 * PAGE));
    }
}
