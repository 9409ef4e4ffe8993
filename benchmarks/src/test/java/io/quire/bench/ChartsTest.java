package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

/** The charts, by what goes into them. */
class ChartsTest {
    private final Figures figures = new Figures();

    @Test
    void whoWasNotMeasuredHasNoBar() throws IOException {
        measured("HitBenchmark.bytes8", 80);
        measured("MappedBenchmark.buffer8", 40);
        measured("HitBenchmark.kib4", 500);
        measured("MappedBenchmark.kib4", 600);
        measured("CopyBenchmark.kib4", 300);
        final List<Integer> sizes = new ArrayList<>();
        final Map<String, List<Double>> bars = new Charts(figures).hitBars(sizes);
        assertThat(sizes).containsExactly(0, 1);
        assertThat(bars.get("Quire")).containsExactly(0.5, 1.2);
        assertThat(bars.get("plain copy")).containsExactly(null, 2.0);
        assertThat(new Charts(figures).draw(List.of())).extracting(Charts.Chart::suffix).contains("");
    }

    private void measured(final String benchmark, final double nanos) {
        figures.add(Measurement.of(benchmark), Samples.of(List.of(nanos), List.of(1.0), List.of(0.0)));
    }
}
