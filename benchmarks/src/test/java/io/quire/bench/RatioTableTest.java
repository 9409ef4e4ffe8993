package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

/** How figures become ratios: B1 to B4 of native-notes/benchmarks.md. */
class RatioTableTest {
    private static final Measurement SUBJECT = Measurement.of("Subject.run");
    private static final Measurement SLOW = Measurement.of("Peer.slow");
    private static final Measurement FAST = Measurement.of("Peer.fast");

    /** B1. */
    @Test
    void aRatioIsTakenWithinARoundAndTheMedianOfTheRoundsCounts() {
        final RatioTable table = new RatioTable(Map.of(
            SUBJECT, List.of(time(10), time(100), time(12)),
            FAST, List.of(time(5), time(50), time(1))));
        assertThat(table.ratios(comparison(0.5), Samples::nanos)).containsExactly(0.5, 0.5, 1 / 12.0);
        assertThat(table.markdown(List.of(comparison(0.5)))).contains("| 0.50 | 0.08 - 0.50 | 3 |").contains("met");
        assertThat(table.allMet()).isTrue();
    }

    /** B2. */
    @Test
    void theFastestPeerCounts() {
        final RatioTable table = new RatioTable(Map.of(
            SUBJECT, List.of(time(10)), SLOW, List.of(time(20)), FAST, List.of(time(5))));
        final Comparison comparison = new Comparison("c", SUBJECT, List.of(SLOW, FAST), 0.6, true);
        assertThat(table.ratios(comparison, Samples::nanos)).containsExactly(0.5);
        assertThat(table.markdown(List.of(comparison))).contains("missed");
        assertThat(table.allMet()).isFalse();
    }

    /** B2: a thread's time for an operation is shared by as many operations as there are threads. */
    @Test
    void twoThreadsThatAreNotSlowedDownAreTwiceAsFast() {
        final Measurement two = SUBJECT.threads(2);
        final RatioTable table = new RatioTable(Map.of(two, List.of(time(10)), SUBJECT, List.of(time(10))));
        final Comparison comparison = new Comparison("c", two, List.of(SUBJECT), 1.8, true);
        assertThat(table.ratios(comparison, Samples::nanos).getFirst()).isCloseTo(2, within(1e-9));
    }

    /** B3. */
    @Test
    void processorTimeDecidesWhenOthersHadTheProcessor() {
        final RatioTable table = new RatioTable(Map.of(
            SUBJECT, List.of(samples(40, 10, 0, 0.25)), FAST, List.of(time(5))));
        assertThat(table.markdown(List.of(comparison(0.5)))).contains("| 0.13 |").contains("25 %").contains("| met |");
    }

    /** B4. */
    @Test
    void anOperationThatAllocatesIsFoundOut() {
        final RatioTable table = new RatioTable(Map.of(
            SUBJECT, List.of(samples(5, 5, 16, 1)), FAST, List.of(time(5))));
        assertThat(table.markdown(List.of(comparison(0.5)))).contains("garbage");
        assertThat(table.allMet()).isFalse();
    }

    /** Every comparison that there is can be measured: its benchmarks exist. */
    @Test
    void comparisonsNameBenchmarksThatExist() throws ReflectiveOperationException {
        for (final Comparison comparison : Comparison.all()) {
            exists(comparison.subject());
            for (final Measurement peer : comparison.peers()) {
                exists(peer);
            }
        }
    }

    private static void exists(final Measurement measurement) throws ReflectiveOperationException {
        final String[] name = measurement.benchmark().split("\\.");
        final Class<?> type = Class.forName("io.quire.bench." + name[0]);
        assertThat(type.getMethods()).anyMatch(method -> method.getName().equals(name[1]));
    }

    private static Comparison comparison(final double target) {
        return new Comparison("c", SUBJECT, List.of(FAST), target, true);
    }

    private static Samples time(final double nanos) {
        return samples(nanos, nanos, 0, 1);
    }

    private static Samples samples(final double nanos, final double cpuNanos, final double garbage, final double share) {
        return new Samples(nanos, cpuNanos, garbage, share, List.of(nanos));
    }
}
