package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import javax.imageio.ImageIO;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.quire.bench.report.Json;

/** What is written of a run. */
class ReportTest {
    private static final Measurement HIT = Measurement.of("HitBenchmark.bytes8");
    private static final Measurement MAPPED = Measurement.of("MappedBenchmark.buffer8");
    private static final Measurement CHRONICLE = Measurement.of("ChronicleBenchmark.bytes8");
    private static final Comparison RATIO = new Comparison("hit / others", HIT, List.of(MAPPED, CHRONICLE), 0.5, true);

    private final Figures figures = new Figures();

    @Test
    void aRatioStandsOnThePeersThatWereMeasured() {
        figures.add(HIT, samples(100, 0));
        figures.add(MAPPED, samples(60, 0));
        final Report report = report(List.of(RATIO), List.of());
        assertThat(report.markdown(Map.of())).contains("| hit / others | 100.0 | 60.0 | 0.60 |").contains("| met |").contains("cores: 2");
        assertThat(report.allMet()).isTrue();
    }

    @Test
    void aRatioWithoutAnyPeerIsLeftOutAndSoIsALineWithoutAllItsPoints() {
        figures.add(HIT, samples(100, 0));
        figures.leftOut().add("MappedBenchmark.buffer8: no memory");
        final Sweep sweep = sweep();
        figures.points().put(sweep.lines().getFirst().points().getFirst(), samples(100, 0));
        final Report report = report(List.of(RATIO), List.of(sweep));
        assertThat(report.comparisons()).isEmpty();
        assertThat(report.sweeps()).isEmpty();
        assertThat(report.markdown(Map.of())).contains("- left out: MappedBenchmark.buffer8: no memory").doesNotContain("hit / others");
    }

    /** 4096 bytes in 1000 ns are 3906.25 MiB/s; 16384 bytes in 2000 ns twice as much. */
    @Test
    void aCurveIsATableOfSpeedsWithWhatBatchingBrings() {
        final Sweep sweep = measured();
        assertThat(report(List.of(), List.of(sweep)).markdown(Map.of()))
            .contains("| one-page | 3906 | 7813 |").contains("| multi-page | 7813 | 7813 (100) |").contains("| multi-page / one-page | 2.00 | 1.00 |");
    }

    @Test
    void everyFigureIsInTheJson() {
        figures.add(HIT, samples(100, 0));
        figures.add(HIT, samples(50, 0));
        figures.add(MAPPED, samples(60, 0));
        figures.add(MAPPED, samples(60, 0));
        final Sweep sweep = measured();
        final Map<?, ?> json = (Map<?, ?>) Json.parse(report(List.of(RATIO), List.of(sweep)).json(Timing.ofRatio(true), Timing.ofPoint(true)));
        final Map<?, ?> ratio = (Map<?, ?>) ((List<?>) json.get("ratios")).getFirst();
        assertThat(ratio.get("ratios")).isEqualTo(List.of(0.6, 1.2));
        assertThat(ratio.get("ratio")).isEqualTo(0.9);
        final Map<?, ?> measurement = (Map<?, ?>) ((List<?>) json.get("measurements")).getFirst();
        assertThat(((List<?>) measurement.get("rounds"))).hasSize(2);
        final Map<?, ?> line = (Map<?, ?>) ((List<?>) ((Map<?, ?>) ((List<?>) json.get("curves")).getFirst()).get("lines")).getFirst();
        assertThat(line.get("shown")).isEqualTo(List.of(3906.25, 7812.5));
        assertThat((List<?>) line.get("points")).hasSize(2);
        assertThat(Measurement.of((Map<?, ?>) ((List<?>) line.get("points")).getFirst())).isEqualTo(sweep.lines().getFirst().points().getFirst());
    }

    @Test
    void samplesSurviveTheWayToAnotherJvm() {
        final Samples samples = new Samples(1.5, 1.25, 16, 0.5, List.of(1.0, 2.0));
        assertThat(Samples.of((Map<?, ?>) Json.parse(Json.write(samples.asMap())))).isEqualTo(samples);
    }

    @Test
    void chartsArePicturesOfWhatThereIs() throws IOException {
        assertThat(new Charts(figures).draw(List.of())).isEmpty();
        figures.add(HIT, samples(100, 0));
        figures.add(MAPPED, samples(60, 0));
        final List<Charts.Chart> charts = new Charts(figures).draw(List.of(measured()));
        assertThat(charts).extracting(Charts.Chart::suffix).containsExactly("", "-sizes");
        for (final Charts.Chart chart : charts) {
            assertThat(ImageIO.read(new ByteArrayInputStream(chart.png())).getWidth()).isGreaterThan(500);
        }
    }

    private Sweep measured() {
        final Sweep sweep = sweep();
        final double[] nanos = {1000, 2000, 500, 2000};
        int i = 0;
        for (final Sweep.Line line : sweep.lines()) {
            for (final Measurement point : line.points()) {
                figures.points().put(point, samples(nanos[i], i == 3 ? 100 : 0));
                i++;
            }
        }
        return sweep;
    }

    private static Sweep sweep() {
        final Measurement write = Measurement.of("RequestBenchmark.write");
        return new Sweep("sizes", "Writes", "KiB", List.of(4.0, 16.0), List.of("4 KiB", "16 KiB"), List.of(
            new Sweep.Line("one-page", "a", List.of(write.with("size", "4096"), write.with("size", "16384"))),
            new Sweep.Line("multi-page", "a", List.of(write.with("policy", "m").with("size", "4096"),
                write.with("policy", "m").with("size", "16384")))), Sweep.Unit.mebibytes, true);
    }

    private Report report(final List<Comparison> comparisons, final List<Sweep> sweeps) {
        return new Report(Map.of("cores", "2"), figures, comparisons, sweeps, true);
    }

    private static Samples samples(final double nanos, final double garbage) {
        return new Samples(nanos, nanos, garbage, 1, List.of(nanos));
    }
}
