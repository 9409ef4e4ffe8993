package io.quire.bench.replacement;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.write.WritePolicies;
import io.quire.fuse.trace.PageConsumer;
import io.quire.fuse.trace.Replay;
import io.quire.fuse.trace.TraceReader;

/** The engine evicts what its policies do in the simulation: what it adds to them may cost little. */
class EngineAgreementTest {
    static Iterable<ReplacementPolicies.Named> all() {
        return ReplacementPolicies.all();
    }

    /** A hot set, what was used a moment ago, and scans, over some files of a few pages and one of many. */
    private static long[][] uses() {
        final Random random = new Random(11);
        final long[][] uses = new long[30_000][];
        for (int i = 0; i < uses.length; i++) {
            uses[i] = switch (random.nextInt(4)) {
                case 0 -> new long[] {1 + random.nextInt(40), random.nextInt(3)};
                case 1 -> new long[] {0, 500 + i / 60 % 300 + random.nextInt(50)};
                case 2 -> new long[] {0, (int) (400 * Math.pow(random.nextDouble(), 3))};
                default -> new long[] {0, 1000 + i % 4000};
            };
        }
        return uses;
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("page by page the engine hits as often as the simulation: LRU and CLOCK exactly, the others to half a point")
    void pageByPage(final ReplacementPolicies.Named policy) throws Exception {
        // Where the engine evicts one page at a time.
        final int frames = 60;
        final ReferenceString.Builder builder = new ReferenceString.Builder("mixed");
        final Map<Long, CachedFile> files = new HashMap<>();
        final long page = NativeMemory.reserve(PageCache.PAGE_SIZE, false);
        try (MemoryStore store = new MemoryStore();
            PageCache cache = PageCache.builder(WritePolicies.MULTI_PAGE, policy).smallCapacity((long) frames * PageCache.PAGE_SIZE)
                .readAhead(0).build()) {
            for (final long[] use : uses()) {
                CachedFile file = files.get(use[0]);
                if (file == null) {
                    file = cache.open(store.open("file " + use[0], true));
                    file.truncate(1L << 30);
                    files.put(use[0], file);
                }
                assertThat(file.read(use[1] * PageCache.PAGE_SIZE, page, 100)).isEqualTo(100);
                builder.use(use[0], use[1]);
            }
            final ReferenceString string = builder.build();
            final long expected = PolicySimulation.hits(policy, frames, string);
            final boolean exact = policy == ReplacementPolicies.LRU || policy == ReplacementPolicies.CLOCK;
            assertThat(cache.counters().get(CacheCounter.HITS)).as("of %d", string.references())
                .isCloseTo(expected, Offset.offset(exact ? 0L : string.references() / 200));
            cache.verify();
        } finally {
            NativeMemory.release(page, PageCache.PAGE_SIZE);
        }
    }

    @ParameterizedTest
    @CsvSource({"git, 5", "git, 10", "git, 40", "build, 5", "build, 10", "build, 30", "sqlite, 10"})
    @DisplayName("over the recorded traces, with requests of many pages, the reads hit as often as in the simulation to a point and a half")
    void recorded(final String name, final int percent) throws Exception {
        final TraceReader reader = TraceReader.open(Path.of("traces", name + ".trace.gz"));
        final ReferenceString.Builder builder = new ReferenceString.Builder(name);
        final BitSet reads = new BitSet();
        reader.forEachPage(new PageConsumer() {
            private int uses;

            @Override
            public void read(final long file, final long page) {
                reads.set(uses++);
                builder.read(file, page);
            }

            @Override
            public void written(final long file, final long page, final boolean whole) {
                uses++;
                builder.written(file, page, whole);
            }

            @Override
            public void removed(final long file, final long from, final long to) {
                builder.removed(file, from, to);
            }
        });
        final ReferenceString string = builder.build();
        final int frames = string.cacheSize(percent);
        final Replay replay = new Replay(reader);
        for (final ReplacementPolicies.Named policy : ReplacementPolicies.all()) {
            final double simulated = (double) PolicySimulation.hits(policy, frames, string, reads) / reads.cardinality();
            final double engine = replay.run(new Replay.Options((long) frames * PageCache.PAGE_SIZE, WritePolicies.MULTI_PAGE, policy, 0, 0,
                false)).hitRatio();
            assertThat(100 * engine).as("%s at %d %%, %s", name, percent, policy).isCloseTo(100 * simulated, Offset.offset(1.5));
        }
    }
}
