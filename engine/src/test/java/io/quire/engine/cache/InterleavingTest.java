package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.Future;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.write.WritePolicies;

/**
 * What a fault, a write and a removal do to each other, one chosen order at a time. A thread is stopped inside a call of the
 * store: before the call took effect, or after it did and before the cache saw that.
 */
class InterleavingTest extends CacheFixture {
    private final byte[] content = random(1, 8 * PAGE);
    private final byte[] other = random(2, 8 * PAGE);

    @Override
    PageCacheBuilder builder() {
        // Every page its own: compound pages have interleavings of their own.
        return super.builder().readAhead(8 * PAGE).largePages(false);
    }

    @BeforeEach
    void write() throws Exception {
        write(0, content);
        file.invalidate();
        store.forgetCalls();
    }

    /** A read of the whole file whose fill is stopped: with the old bytes in its frames, or before it has any. */
    private Future<byte[]> stoppedFill(final Gate gate, final boolean bytesAreThere) {
        final ProbeFile.Before stop = call -> {
            if (call.is(Kind.READ)) {
                gate.pass();
            }
        };
        if (bytesAreThere) {
            store.after(stop);
        } else {
            store.before(stop);
        }
        final Future<byte[]> reader = start(() -> read(0, content.length));
        gate.awaitArrival();
        return reader;
    }

    /** Starts something that has to wait for the stopped fill, and lets both end. */
    private void against(final Gate gate, final Future<byte[]> fill, final Action action) throws Exception {
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<?> waiting = start(() -> {
            action.run();
            return null;
        });
        awaitSleeper(sleeps);
        gate.open();
        end(waiting);
        end(fill);
    }

    /** Something that throws. */
    private interface Action {
        void run() throws Exception;
    }

    @Test
    @DisplayName("C6: a page that is filled while the store is still to be cut has no bytes beyond the new size")
    void faultDuringTruncate() throws Exception {
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.TRUNCATE)) {
                gate.pass();
            }
        });
        final Future<?> truncating = start(() -> {
            file.truncate(2 * PAGE + 100);
            return null;
        });
        gate.awaitArrival();
        assertThat(readAll()).isEqualTo(Arrays.copyOf(content, 2 * PAGE + 100));
        gate.open();
        end(truncating);
        cache.verify();
        file.truncate(content.length);
        assertContent(Arrays.copyOf(Arrays.copyOf(content, 2 * PAGE + 100), content.length));
    }

    @ParameterizedTest
    @CsvSource({"true, truncate", "true, allocate", "true, write", "false, truncate", "false, allocate", "false, write"})
    @DisplayName("C6: a fill of the last page that began before it was cut and ends after the file grew again")
    void fillOfTheLastPage(final boolean bytesAreThere, final String growth) throws Exception {
        // The page was not in the tree when its tail would have been zeroed, and the store was asked before it was cut.
        final Gate gate = new Gate();
        final Gate cut = new Gate();
        store.behave(new ProbeFile.Behaviour() {
            @Override
            public void before(final ProbeFile.Call call) {
                if (call.is(Kind.TRUNCATE)) {
                    cut.pass();
                } else if (call.is(Kind.READ) && !bytesAreThere) {
                    gate.pass();
                }
            }

            @Override
            public void after(final ProbeFile.Call call) {
                if (call.is(Kind.READ) && bytesAreThere) {
                    gate.pass();
                }
            }
        });
        final Future<?> truncating = start(() -> {
            file.truncate(100);
            return null;
        });
        cut.awaitArrival();
        assertThat(file.size()).as("the size is published before the store is cut").isEqualTo(100);
        final Future<byte[]> fill = start(() -> read(0, PAGE));
        gate.awaitArrival();
        cut.open();
        end(truncating);
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final byte[] expected = Arrays.copyOf(Arrays.copyOf(content, 100), content.length);
        final Future<?> growing = start(() -> {
            switch (growth) {
                case "truncate" -> file.truncate(content.length);
                case "allocate" -> file.allocate(0, content.length, false);
                default -> {
                    write(content.length - 10, Arrays.copyOf(other, 10));
                    System.arraycopy(other, 0, expected, content.length - 10, 10);
                }
            }
            return null;
        });
        awaitSleeper(sleeps);
        assertThat(file.size()).as("no larger size before the tail is zero").isEqualTo(100);
        gate.open();
        end(growing);
        assertThat(end(fill)).startsWith(Arrays.copyOf(content, 100));
        store.behaveWell();
        assertContent(expected);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("C8: invalidation while a fill of old bytes is in flight: the new ones are read afterwards")
    void fillAgainstInvalidate(final boolean bytesAreThere) throws Exception {
        final Gate gate = new Gate();
        final Future<byte[]> fill = stoppedFill(gate, bytesAreThere);
        store.outsideWrite(0, other);
        against(gate, fill, () -> file.invalidate());
        assertThat(readAll()).isEqualTo(other);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("W3: a write into pages that are being filled comes after the fill, in the cache and in the store")
    void fillAgainstWrite(final String policy, final boolean bytesAreThere) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final Gate gate = new Gate();
        final Future<byte[]> fill = stoppedFill(gate, bytesAreThere);
        against(gate, fill, () -> write(10, Arrays.copyOf(other, 3 * PAGE)));
        final byte[] expected = content.clone();
        System.arraycopy(other, 0, expected, 10, 3 * PAGE);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("C6: a write that grows the file waits for the fill of its last page; the gap is zeros")
    void fillAgainstExtendingWrite(final String policy, final boolean bytesAreThere) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        file.truncate(7 * PAGE + 100);
        final Gate gate = new Gate();
        final Future<byte[]> fill = stoppedFill(gate, bytesAreThere);
        against(gate, fill, () -> write(10 * PAGE + 5, Arrays.copyOf(other, 3 * PAGE)));
        final byte[] expected = Arrays.copyOf(Arrays.copyOf(content, 7 * PAGE + 100), 13 * PAGE + 5);
        System.arraycopy(other, 0, expected, 10 * PAGE + 5, 3 * PAGE);
        assertContent(expected);
    }

    @Test
    @DisplayName("two faults of one page make one read of the store")
    void twoFaults() throws Exception {
        final Gate gate = new Gate();
        final Future<byte[]> first = stoppedFill(gate, false);
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<byte[]> second = start(() -> read(0, content.length));
        awaitSleeper(sleeps);
        gate.open();
        assertThat(end(first)).isEqualTo(content);
        assertThat(end(second)).isEqualTo(content);
        assertThat(store.calls(Kind.READ)).hasSize(1);
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("W6: a fault of a page that is partly written and not cached waits, and then reads the new bytes from the store")
    void partialWriteAgainstFault(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                gate.pass();
            }
        });
        final Future<?> writer = start(() -> {
            write(100, Arrays.copyOf(other, 50));
            return null;
        });
        gate.awaitArrival();
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<byte[]> reader = start(() -> read(0, PAGE));
        awaitSleeper(sleeps);
        gate.open();
        end(writer);
        final byte[] expected = Arrays.copyOf(content, PAGE);
        System.arraycopy(other, 0, expected, 100, 50);
        assertThat(end(reader)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"one-page, true", "multi-page-locked, true", "multi-page, true", "multi-page, false", "multi-page-read-head, true",
        "multi-page-read-head, false", "range, true", "range, false"})
    @DisplayName("W2: a whole page that is on its way to the store is read with its new bytes and is not evicted")
    void wholeWriteAgainstFault(final String policy, final boolean cached) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        if (cached) {
            readAll();
        }
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                gate.pass();
            }
        });
        final Future<?> writer = start(() -> {
            write(0, Arrays.copyOf(other, PAGE));
            return null;
        });
        gate.awaitArrival();
        final ThreadState state = cache.threads.current();
        for (int i = 0; i < 50; i++) {
            cache.reclaimer.reclaim(state);
        }
        final Mapping mapping = cache.mappings.values().iterator().next();
        assertThat(mapping.tree.pages()).as("every other page was evicted").isEqualTo(1);
        assertThat(read(0, PAGE)).isEqualTo(Arrays.copyOf(other, PAGE));
        gate.open();
        end(writer);
        cache.drop();
        assertThat(read(0, PAGE)).isEqualTo(Arrays.copyOf(other, PAGE));
    }

    @Test
    @DisplayName("a fault that waits for a page which is then truncated away finds the end of the file")
    void waiterOfATruncatedPage() throws Exception {
        final Gate gate = new Gate();
        final Future<byte[]> fill = stoppedFill(gate, true);
        long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<?> truncating = start(() -> {
            file.truncate(0);
            return null;
        });
        awaitSleeper(sleeps);
        assertThat(read(5 * PAGE, 10)).as("the size is already known").isEmpty();
        gate.open();
        end(truncating);
        end(fill);
        assertThat(file.cachedPages()).isZero();
    }

    @Test
    @DisplayName("C3: a page that its waiter finds unbound is looked up again")
    void waiterOfAPunchedPage() throws Exception {
        final Gate gate = new Gate();
        final Future<byte[]> fill = stoppedFill(gate, true);
        long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<byte[]> second = start(() -> read(2 * PAGE, PAGE));
        awaitSleeper(sleeps);
        sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<?> punching = start(() -> {
            file.punch(0, 8 * PAGE);
            return null;
        });
        awaitSleeper(sleeps);
        gate.open();
        end(punching);
        end(fill);
        assertThat(end(second)).hasSize(PAGE);
        assertThat(read(0, content.length)).containsOnly(0);
    }

    @Test
    @DisplayName("reads of cached pages go on while a write of the same file is in the store")
    void readersPassWriters() throws Exception {
        readAll();
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                gate.pass();
            }
        });
        final Future<?> writer = start(() -> {
            write(7 * PAGE, Arrays.copyOf(other, PAGE));
            return null;
        });
        gate.awaitArrival();
        assertThat(read(0, 7 * PAGE)).isEqualTo(Arrays.copyOf(content, 7 * PAGE));
        gate.open();
        end(writer);
    }
}
