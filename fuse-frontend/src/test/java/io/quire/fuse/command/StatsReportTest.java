package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;

import org.junit.jupiter.api.Test;

/** The statistics as text and as JSON. */
class StatsReportTest {
    private static final StatsReport.Sample EARLIER = sample(0, Map.of("hits", 100L, "misses", 0L, "pages", 5L));
    private static final StatsReport.Sample LATER =
        sample(2_000_000_000L, Map.of("hits", 300L, "misses", 100L, "pages", 7L));

    private final StatsReport report = new StatsReport("/mnt/a\"b\uDCE4",
        Map.of(MountState.PID, "12", MountState.SOURCE, "/data", MountState.WRITE_POLICY, "multi-page"));

    @Test
    void jsonEscapesNames() {
        assertThat(report.json(EARLIER)).contains("\"mountPoint\":\"/mnt/a\\\"b\\udce4\"", "\"pid\":12",
            "\"hits\":100", "\"read\":{\"count\":3,\"mean\":10,\"p50\":20,\"p99\":30,\"max\":40}");
    }

    @Test
    void jsonIsOneLine() {
        assertThat(report.json(EARLIER).lines()).hasSize(1);
    }

    @Test
    void textTellsTheHitRatio() {
        assertThat(report.text(LATER, null)).contains("75.00 %");
    }

    @Test
    void watchingTellsRatesOfCountsButNotOfGauges() {
        final String text = report.text(LATER, EARLIER);
        assertThat(text.lines().filter(line -> line.startsWith("hits"))).singleElement().asString().contains("100/s");
        assertThat(text.lines().filter(line -> line.startsWith("pages"))).singleElement().asString()
            .doesNotContain("/s");
    }

    private static StatsReport.Sample sample(final long nanos, final Map<String, Long> values) {
        return new StatsReport.Sample(nanos, 0, 60_000, values,
            Map.of("read", new LatencyTable.Summary(3, 10, 20, 30, 40)));
    }
}
