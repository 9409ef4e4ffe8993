package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.cache.CacheException;
import io.quire.engine.store.Errno;

/** Many threads look addresses up, load and store while others map, unmap, move, remap and protect. */
class AddressSpaceTest extends RegionFixture {
    private static final int PAGES = 64;
    private static final int ROUNDS = 400;

    /** Each page begins with its number, so that whatever a load gives tells where it came from. */
    private void numberPages() throws Exception {
        final byte[] content = new byte[PAGES * PAGE];
        for (int page = 0; page < PAGES; page++) {
            content[page * PAGE] = (byte) (page + 1);
        }
        write(0, content);
    }

    @Test
    @DisplayName("M1: a load by address gives a byte of the region that has the address, or an error; never another's")
    void loadsAgainstChanges() throws Exception {
        numberPages();
        final MappedRegion steady = shared(0, PAGES * PAGE);
        final long[] moving = new long[1];
        final AtomicBoolean done = new AtomicBoolean();
        final List<Future<?>> readers = new ArrayList<>();
        for (int thread = 0; thread < 2; thread++) {
            final long seed = 7 + thread;
            readers.add(run(() -> {
                final Random random = new Random(seed);
                while (!done.get()) {
                    final int page = random.nextInt(PAGES);
                    assertThat(space.getByte(steady.address() + page * PAGE)).isEqualTo((byte) (page + 1));
                    final long address;
                    synchronized (moving) {
                        address = moving[0];
                    }
                    try {
                        final int first = random.nextInt(8);
                        // The region that comes and goes shows pages from 8 or from 16 on.
                        assertThat(space.getByte(address + first * PAGE)).as("seed %d", seed)
                            .isIn((byte) (8 + first + 1), (byte) (16 + first + 1));
                    } catch (final CacheException e) {
                        assertThat(e.errno()).isIn(Errno.EFAULT, Errno.EBADF);
                    }
                }
            }));
        }
        final Random random = new Random(3);
        for (int round = 0; round < ROUNDS; round++) {
            try (MappedRegion region = round % 2 == 0 ? shared(8 * PAGE, 8 * PAGE) : ownCopy(16 * PAGE, 8 * PAGE)) {
                synchronized (moving) {
                    moving[0] = region.address();
                }
                switch (random.nextInt(4)) {
                    case 0 -> region.move();
                    case 1 -> region.remap(32 * PAGE);
                    case 2 -> region.protect(Protection.READ);
                    default -> region.remap(PAGE);
                }
            }
        }
        done.set(true);
        for (final Future<?> reader : readers) {
            end(reader);
        }
    }

    @Test
    @DisplayName("M3: stores, truncates, punches, evictions and syncs at random lose no store that was not cut off")
    void storesUnderPressure() throws Exception {
        final int pages = 1500;
        file.truncate((long) pages * PAGE);
        final MappedRegion region = shared(0, (long) pages * PAGE);
        final AtomicBoolean done = new AtomicBoolean();
        final Future<?> disturbing = run(() -> {
            final Random random = new Random(11);
            while (!done.get()) {
                switch (random.nextInt(5)) {
                    case 0 -> cache.drop();
                    case 1 -> region.sync();
                    case 2 -> file.truncate((long) pages * PAGE + random.nextInt(3 * PAGE));
                    case 3 -> file.punch((long) (pages - 1) * PAGE, PAGE);
                    default -> file.sync(true);
                }
            }
        });
        final List<Future<?>> writers = new ArrayList<>();
        for (int thread = 0; thread < 2; thread++) {
            final int own = thread;
            writers.add(run(() -> {
                final Random random = new Random(own);
                final int[] model = new int[pages - 1];
                for (int i = 1; i < 4000; i++) {
                    final int page = random.nextInt(model.length);
                    final long at = (long) page * PAGE + own * 8;
                    assertThat(region.getInt(at)).as("thread %d, store %d", own, i).isEqualTo(model[page]);
                    region.putInt(at, i);
                    model[page] = i;
                }
            }));
        }
        for (final Future<?> writer : writers) {
            end(writer);
        }
        done.set(true);
        end(disturbing);
    }
}
