package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.concurrent.Future;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ProbeFile.Behaviour;
import io.quire.engine.cache.ProbeFile.Call;
import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreException;

/** What a fault does when the store fails it: C8. */
class ReadFailureTest extends CacheFixture {
    private final byte[] content = random(1, 40 * PAGE + 200);

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(16 * PAGE);
    }

    @BeforeEach
    void write() throws Exception {
        write(0, content);
        file.invalidate();
        store.forgetCalls();
    }

    /** A store that reads short up to a byte and fails any call that begins at or after it. */
    private void badFrom(final long position) {
        store.behave(new Behaviour() {
            @Override
            public void before(final Call call) throws StoreException {
                if (call.is(Kind.READ) && call.offset() >= position) {
                    throw new StoreException(Errno.EIO, "a bad block at " + position);
                }
            }

            @Override
            public long limit(final Call call) {
                return call.is(Kind.READ) ? position - call.offset() : Long.MAX_VALUE;
            }
        });
    }

    @Test
    @DisplayName("C8: EIO in the first page reaches the reader, and no page stays; when it heals the bytes come")
    void firstPage() throws Exception {
        badFrom(0);
        assertErrno(Errno.EIO, () -> file.read(0, buffer, 100));
        assertErrno(Errno.EIO, () -> file.read(0, buffer, 3 * PAGE));
        assertThat(file.cachedPages()).isZero();
        store.behaveWell();
        assertThat(readAll()).isEqualTo(content);
        file.sync(false);
    }

    @Test
    @DisplayName("C8: EIO in pages that were read ahead is not the reader's error; it is when they are asked for")
    void readAheadPages() throws Exception {
        badFrom(2 * PAGE + 100);
        assertThat(read(0, PAGE)).isEqualTo(Arrays.copyOf(content, PAGE));
        assertThat(file.cachedPages()).as("the pages that came whole").isEqualTo(2);
        assertThat(read(0, 2 * PAGE)).isEqualTo(Arrays.copyOf(content, 2 * PAGE));
        assertErrno(Errno.EIO, () -> file.read(2 * PAGE, buffer, 100));
    }

    @Test
    @DisplayName("an error after the first bytes ends a read short, in each form of read; the next one gets the error")
    void errorInTheMiddle() throws Exception {
        badFrom(17 * PAGE);
        assertThat(file.read(PAGE, buffer, 30 * PAGE)).isEqualTo(16 * PAGE);
        assertThat(read(PAGE, 30 * PAGE)).isEqualTo(Arrays.copyOfRange(content, PAGE, 17 * PAGE));
        try (IoVector vector = new IoVector()) {
            vector.add(buffer, 16 * PAGE);
            vector.add(buffer + 20 * PAGE, 3 * PAGE);
            assertThat(file.readVector(PAGE, vector)).isEqualTo(16 * PAGE);
            assertErrno(Errno.EIO, () -> file.readVector(17 * PAGE, vector));
        }
        assertErrno(Errno.EIO, () -> file.read(17 * PAGE, buffer, 1));
        assertErrno(Errno.EIO, () -> file.read(17 * PAGE, new byte[1], 0, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 4096, 5000})
    @DisplayName("short reads go on where they stopped")
    void shortReads(final int most) throws Exception {
        store.behave(new Behaviour() {
            @Override
            public long limit(final Call call) {
                return call.is(Kind.READ) ? most : Long.MAX_VALUE;
            }
        });
        assertThat(readAll()).isEqualTo(content);
    }

    @Test
    @DisplayName("C8: a store that breaks with a RuntimeException leaves no page behind, locked or referenced")
    void storeBreaks() throws Exception {
        store.before(call -> {
            if (call.is(Kind.READ)) {
                throw new IllegalStateException("a bug of the store");
            }
        });
        assertThatThrownBy(() -> file.read(0, buffer, 8 * PAGE)).isInstanceOf(IllegalStateException.class);
        assertThat(file.cachedPages()).isZero();
        cache.verify();
        store.behaveWell();
        assertThat(readAll()).isEqualTo(content);
    }

    @Test
    @DisplayName("C8: who waits for a fill that fails asks the store again, and gets an error of its own")
    void waitersAskAgain() throws Exception {
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.READ)) {
                gate.pass();
                throw new StoreException(Errno.EIO, "scripted");
            }
        });
        final Future<?> first = start(() -> assertThatThrownBy(() -> read(0, 10)).isInstanceOf(CacheException.class));
        gate.awaitArrival();
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<?> second = start(() -> assertThatThrownBy(() -> read(0, 10)).isInstanceOf(CacheException.class));
        awaitSleeper(sleeps);
        gate.open();
        end(first);
        end(second);
        assertThat(store.calls(Kind.READ)).hasSize(2);
        assertThat(file.cachedPages()).isZero();
    }

    @Test
    @DisplayName("the attributes of a file that cannot be had fail the open with the store's errno")
    void openFails() {
        final ProbeFile broken = new ProbeFile();
        broken.before(call -> {
            throw new StoreException(Errno.EACCES, "scripted");
        });
        assertErrno(Errno.EACCES, () -> cache.open(broken));
    }
}
