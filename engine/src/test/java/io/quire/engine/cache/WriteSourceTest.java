package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.write.WritePolicies;

/** Sources whose bytes are not always at hand: W1. */
class WriteSourceTest extends CacheFixture {
    private static final int PAGES = 9;

    private final byte[] old = random(1, PAGES * PAGE + 321);
    private final byte[] bytes = random(2, PAGES * PAGE);

    /** Bytes that must be faulted in, a window at a time; a test says what happens then. */
    private abstract class FaultingSource implements WriteSource {
        private final int window;
        private long readyFrom;
        private long readyTo;
        private final List<Long> faults = new ArrayList<>();

        FaultingSource(final int window) {
            this.window = window;
        }

        abstract void fault(long offset) throws CacheException;

        @Override
        public int copy(final long offset, final long destination, final int length) {
            if (offset < readyFrom || offset >= readyTo) {
                return 0;
            }
            final int n = (int) Math.min(length, readyTo - offset);
            OffHeap.copyFromArray(bytes, (int) offset, destination, n);
            return n;
        }

        @Override
        public int faultIn(final long offset, final int length) throws CacheException {
            LockOrder.assertNoPageHeld("faulting in the source of a write");
            faults.add(offset);
            fault(offset);
            readyFrom = offset;
            readyTo = offset + window;
            return Math.min(length, window);
        }
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true, 4096", "false, 4096", "true, 100000", "false, 1000", "true, 1000", "false, 100000"},
        laboratory = false)
    @DisplayName("X12, W1: a source that reads the very pages being written while it is faulted in does not deadlock")
    void sourceReadsTheSameFile(final String policy, final boolean cached, final int window) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, old);
        if (!cached) {
            file.invalidate();
        }
        final long at = 50;
        final FaultingSource source = new FaultingSource(window) {
            @Override
            void fault(final long offset) throws CacheException {
                // Every page of the range, those already written and those still to be.
                final byte[] seen = read(0, old.length);
                assertThat(Arrays.copyOf(seen, (int) at)).isEqualTo(Arrays.copyOf(old, (int) at));
                assertThat(Arrays.copyOfRange(seen, (int) at, (int) (at + offset)))
                    .as("what was written so far").isEqualTo(Arrays.copyOf(bytes, (int) offset));
                assertThat(Arrays.copyOfRange(seen, (int) (at + offset), old.length))
                    .as("what is still to come").isEqualTo(Arrays.copyOfRange(old, (int) (at + offset), old.length));
            }
        };
        assertThat(file.writeFrom(source, at, bytes.length)).isEqualTo(bytes.length);
        assertThat(source.faults).isNotEmpty();
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, (int) at, bytes.length);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(laboratory = false)
    @DisplayName("W1: no page is locked while another thread reads the file during a fault of the source")
    void anotherThreadReadsDuringTheFault(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, old);
        file.invalidate();
        final FaultingSource source = new FaultingSource(PAGE) {
            @Override
            void fault(final long offset) throws CacheException {
                try {
                    assertThat(end(start(() -> read(0, old.length)))).hasSize(old.length);
                } catch (final Exception e) {
                    throw new AssertionError(e);
                }
            }
        };
        assertThat(file.writeFrom(source, 1, 4 * PAGE)).isEqualTo(4 * PAGE);
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, 1, 4 * PAGE);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(laboratory = false)
    @DisplayName("W9: a source may write to another file of the cache while it is faulted in")
    void sourceWritesAnotherFile(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final ProbeFile otherStore = new ProbeFile();
        try (CachedFile other = cache.open(otherStore)) {
            final FaultingSource source = new FaultingSource(PAGE) {
                @Override
                void fault(final long offset) throws CacheException {
                    fill(buffer, random(offset, 3 * PAGE));
                    assertThat(other.write(offset, buffer, 3 * PAGE)).isEqualTo(3 * PAGE);
                    assertThat(other.write(offset, random(offset, 3 * PAGE), 0, 3 * PAGE)).isEqualTo(3 * PAGE);
                }
            };
            assertThat(file.writeFrom(source, 0, bytes.length)).isEqualTo(bytes.length);
            assertContent(bytes);
            assertThat(other.size()).isEqualTo(source.faults.getLast() + 3 * PAGE);
        }
    }

    @ParameterizedTest
    @EveryPolicy(with = {"0", "10000"})
    @DisplayName("X9, W4: a source that gives up: the count so far, or EIO when there is none")
    void sourceGivesUp(final String policy, final int gives) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, old);
        final WriteSource source = new WriteSource() {
            @Override
            public int copy(final long offset, final long destination, final int length) {
                final int n = (int) Math.min(length, gives - offset);
                OffHeap.copyFromArray(bytes, (int) offset, destination, n);
                return n;
            }

            @Override
            public int faultIn(final long offset, final int length) {
                return 0;
            }
        };
        if (gives == 0) {
            assertErrno(Errno.EIO, () -> file.writeFrom(source, 77, 5 * PAGE));
        } else {
            assertThat(file.writeFrom(source, 77, 5 * PAGE)).isEqualTo(gives);
        }
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, 77, gives);
        file.sync(false);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"0", "2"}, laboratory = false)
    @DisplayName("X8, W4: a source that fails: its error when nothing was written, otherwise the count")
    void sourceFails(final String policy, final int goodWindows) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, old);
        final FaultingSource source = new FaultingSource(3000) {
            @Override
            void fault(final long offset) throws CacheException {
                if (offset >= goodWindows * 3000L) {
                    throw new CacheException(Errno.EFAULT, "the source's memory is gone");
                }
            }
        };
        if (goodWindows == 0) {
            assertErrno(Errno.EFAULT, () -> file.writeFrom(source, 0, bytes.length));
        } else {
            assertThat(file.writeFrom(source, 0, bytes.length)).isEqualTo(goodWindows * 3000L);
        }
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, 0, goodWindows * 3000);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X11, W3: a source that breaks in the middle of a copy leaves no page that the store does not have")
    void sourceBreaks(final String policy, final boolean cached) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, old);
        if (!cached) {
            file.invalidate();
        }
        final WriteSource source = new WriteSource() {
            @Override
            public int copy(final long offset, final long destination, final int length) {
                OffHeap.copyFromArray(bytes, (int) offset, destination, length / 2);
                if (offset + length > 3 * PAGE) {
                    throw new IllegalStateException("a bug of the source");
                }
                OffHeap.copyFromArray(bytes, (int) offset, destination, length);
                return length;
            }

            @Override
            public int faultIn(final long offset, final int length) {
                return length;
            }
        };
        assertThatThrownBy(() -> file.writeFrom(source, 10, 6 * PAGE)).isInstanceOf(IllegalStateException.class);
        cache.verify();
        assertThat(readAll()).isEqualTo(store.content(0, 20 * PAGE));
    }

    @ParameterizedTest
    @EveryPolicy(with = {"1", "700"})
    @DisplayName("X10, W1: a source that always copies a part only loses no byte")
    void partialCopies(final String policy, final int most) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, old);
        file.invalidate();
        read(PAGE, PAGE);
        final WriteSource source = new WriteSource() {
            @Override
            public int copy(final long offset, final long destination, final int length) {
                final int n = Math.min(length, most);
                OffHeap.copyFromArray(bytes, (int) offset, destination, n);
                return n;
            }

            @Override
            public int faultIn(final long offset, final int length) {
                return length;
            }
        };
        final int length = most == 1 ? 300 : 4 * PAGE;
        assertThat(file.writeFrom(source, PAGE - 100, length)).isEqualTo(length);
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, PAGE - 100, length);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(laboratory = false)
    @DisplayName("W9: writing to the file that is being written, from its own source, is refused instead of hanging")
    void sourceWritesTheSameFile(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final FaultingSource source = new FaultingSource(PAGE) {
            @Override
            void fault(final long offset) throws CacheException {
                file.write(0, bytes, 0, 10);
            }
        };
        assertThatThrownBy(() -> file.writeFrom(source, 0, PAGE)).isInstanceOf(IllegalStateException.class);
        LockOrder.resetForTest();
        assertThat(store.calls(Kind.WRITE)).isEmpty();
        write(0, bytes);
    }
}
