package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.quire.engine.Seed;
import io.quire.engine.store.Errno;
import io.quire.engine.store.FaultPlan;
import io.quire.engine.store.FaultyStore;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreOperation;
import io.quire.engine.write.WritePolicies;

/** Random partial writes over a store that fails now and then, against an array of bytes. */
class PolicyModelTest extends CacheFixture {
    private static final int PAGES = 14;
    private static final int STEPS = 2500;

    @RegisterExtension
    final Seed seed = new Seed();
    private byte[] model = new byte[0];

    @ParameterizedTest
    @CsvSource({"range, 0.06", "range, 0", "all, 0.06"})
    @DisplayName("C14, W3, W4: random partial writes, truncates, punches and failures of the store: no byte differs from the model")
    void againstTheModel(final String policy, final double failing) throws Exception {
        final FaultyStore faults = new FaultyStore(new MemoryStore());
        final String context = seed + " under " + policy;
        try (CachedFile under = cache.open(faults.open("file", true))) {
            faults.plan(plan(failing));
            final Random random = new Random(seed.value());
            for (int step = 0; step < STEPS; step++) {
                final String where = context + " at step " + step;
                if (policy.equals("all")) {
                    under.writePolicy(WritePolicies.all().get(random.nextInt(WritePolicies.all().size())));
                } else {
                    under.writePolicy(WritePolicies.byName(policy));
                }
                step(under, random, step, where);
                assertThat(under.size()).as(where).isEqualTo(model.length);
                if (step % 64 == 0) {
                    cache.verify();
                }
            }
            faults.heal();
            assertThat(read(under, 0, PAGES * PAGE * 2)).as("%s, %s", context, faults).isEqualTo(model);
            under.invalidate();
            assertThat(read(under, 0, PAGES * PAGE * 2)).as("from the store, %s", context).isEqualTo(model);
        }
        faults.close();
    }

    private FaultPlan plan(final double failing) {
        final FaultPlan.Builder plan = FaultPlan.seeded(seed.value()).shortens(StoreOperation.WRITE, failing == 0 ? 0 : 0.2)
            .shortens(StoreOperation.READ, failing == 0 ? 0 : 0.2);
        for (final StoreOperation operation : List.of(StoreOperation.WRITE, StoreOperation.READ, StoreOperation.MAP,
            StoreOperation.TRUNCATE, StoreOperation.PUNCH)) {
            plan.errors(operation, failing, Errno.EIO, Errno.ENOSPC);
        }
        return plan.build();
    }

    private void step(final CachedFile under, final Random random, final int step, final String where) throws CacheException {
        final int offset = random.nextInt(PAGES * PAGE) & (random.nextBoolean() ? -512 : -1);
        final int some = 1 + random.nextInt(random.nextInt(3) == 0 ? 5 * PAGE : PAGE);
        final int length = random.nextBoolean() ? some : some + 511 & -512;
        switch (random.nextInt(16)) {
            case 0 -> under.invalidate();
            case 1 -> cache.reclaimer.reclaim(cache.threads.current());
            case 2 -> {
                final int size = random.nextInt(PAGES * PAGE);
                if (works(() -> under.truncate(size))) {
                    model = Arrays.copyOf(model, size);
                }
            }
            case 3 -> {
                if (works(() -> under.punch(offset, length))) {
                    Arrays.fill(model, Math.min(offset, model.length), Math.min(offset + length, model.length), (byte) 0);
                }
            }
            case 4, 5, 6, 7, 8 -> {
                final byte[] bytes = new byte[length];
                final int[] read = {0};
                if (works(() -> read[0] = under.read(offset, bytes, 0, length))) {
                    assertThat(Arrays.copyOf(bytes, read[0])).as("a read of %d at %d, %s", length, offset, where).isEqualTo(
                        Arrays.copyOfRange(model, Math.min(offset, model.length), Math.min(offset + read[0], model.length)));
                }
            }
            default -> {
                final byte[] bytes = random(seed.value() + step, length);
                final int[] written = {0};
                works(() -> written[0] = under.write(offset, bytes, 0, length));
                if (written[0] > 0) {
                    model = Arrays.copyOf(model, Math.max(model.length, offset + written[0]));
                    System.arraycopy(bytes, 0, model, offset, written[0]);
                }
            }
        }
    }

    /** Something that the store may refuse. */
    @FunctionalInterface
    private interface Attempt {
        void run() throws CacheException;
    }

    private static boolean works(final Attempt attempt) throws CacheException {
        try {
            attempt.run();
            return true;
        } catch (final CacheException e) {
            if (e.errno() != Errno.EIO && e.errno() != Errno.ENOSPC) {
                throw e;
            }
            return false;
        }
    }
}
