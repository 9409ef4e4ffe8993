package io.quire.engine.evict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.BitSet;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.write.WritePolicies;

/** Policies by name, and each of them in a cache. */
class ReplacementPoliciesTest {
    static Iterable<ReplacementPolicies.Named> all() {
        return ReplacementPolicies.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("every policy is found by its name")
    void byName(final ReplacementPolicies.Named policy) {
        assertThat(ReplacementPolicies.byName(policy.name())).isSameAs(policy);
        assertThat(ReplacementPolicies.names().split(", ")).contains(policy.name());
    }

    @Test
    @DisplayName("the default is the first; a name that is none is told with those there are")
    void names() {
        assertThat(ReplacementPolicies.all().get(0)).isSameAs(ReplacementPolicies.DEFAULT);
        assertThatThrownBy(() -> ReplacementPolicies.byName("fifo")).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("there is no replacement policy 'fifo'; choose one of adaptive, s3-fifo, clock, lru");
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q5: where no candidate can go, every page becomes one within a few rounds, used or not")
    void everyPageIsACandidate(final ReplacementPolicies.Named named) {
        final int frames = 1000;
        final int[] victims = new int[32];
        try (PageDescriptors descriptors = new PageDescriptors(frames); ReplacementPolicy policy = named.create(descriptors)) {
            for (int frame = 0; frame < frames; frame++) {
                descriptors.bind(frame, 1, frame, 0);
                policy.inserted(frame, frame % 7 == 0, ReplacementPolicy.NO_SHADOW);
                for (int use = 0; use < frame % 5; use++) {
                    policy.touched(frame);
                }
            }
            final BitSet chosen = new BitSet(frames);
            for (int batch = 0; batch < 8 * frames / victims.length; batch++) {
                final int found = policy.nextVictims(victims);
                Arrays.stream(victims, 0, found).forEach(chosen::set);
                Arrays.stream(victims, 0, found).forEach(policy::rejected);
            }
            assertThat(chosen.cardinality()).as("pages that were candidates").isEqualTo(frames);
            policy.verify(frames);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("a cache with any policy, used beyond its capacity by pages and by large reads, keeps its bound and its bytes")
    void inACache(final ReplacementPolicies.Named policy) throws Exception {
        final int pages = 3 * (int) (PageCache.MIN_CAPACITY / PageCache.PAGE_SIZE);
        final byte[] bytes = new byte[64 * PageCache.PAGE_SIZE];
        try (MemoryStore store = new MemoryStore();
            PageCache cache = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).replacementPolicy(policy)
                .capacity(PageCache.MIN_CAPACITY).build();
            CachedFile file = cache.open(store.open("file", true))) {
            for (int page = 0; page < pages; page++) {
                file.write((long) page * PageCache.PAGE_SIZE, new byte[] {(byte) page, (byte) (page >> 8)}, 0, 2);
            }
            file.truncate((long) pages * PageCache.PAGE_SIZE);
            for (int round = 0; round < 3; round++) {
                for (int page = 0; page < pages; page += 64) {
                    assertThat(file.read((long) page * PageCache.PAGE_SIZE, bytes, 0, bytes.length)).isEqualTo(bytes.length);
                    for (int i = 0; i < 64; i++) {
                        final int read = bytes[i * PageCache.PAGE_SIZE] & 0xff | bytes[i * PageCache.PAGE_SIZE + 1] << 8;
                        assertThat(read).as("page %d", page + i).isEqualTo(page + i);
                    }
                    final int hot = page / 7;
                    file.read((long) hot * PageCache.PAGE_SIZE, bytes, 0, 1);
                }
                assertThat(file.cachedPages() * PageCache.PAGE_SIZE).isLessThanOrEqualTo(cache.capacity());
            }
            cache.verify();
        }
    }
}
