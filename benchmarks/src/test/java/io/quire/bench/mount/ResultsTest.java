package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.bench.report.Json;

/** From times to the table: medians, spread, ratios, targets, and everything that did not work. */
class ResultsTest {
    private static final Row WRITE = FioWorkload.psync("write", 64 << 10).rows().getFirst();
    private static final Results.Key KEY = new Results.Key(Place.Kind.TMPFS, Regime.ONE_CORE, WRITE);
    private static final Server PEER = new NamedServer("passthrough_fh");
    private static final Server ONE_PAGE = new NamedServer("quire-one-page");
    private static final Server MULTI_PAGE = new NamedServer("quire-multi-page");

    private final Results results = new Results();

    @Test
    @DisplayName("P2: the median counts, of an even number the mean of the two in the middle, and the farthest repetition is the spread")
    void median() {
        assertThat(Spread.of(List.of(3.0, 1.0, 2.0))).isEqualTo(new Spread(2, 1, 3));
        assertThat(Spread.of(List.of(4.0, 1.0, 2.0, 3.0)).median()).isEqualTo(2.5);
        assertThat(Spread.of(List.of(100.0, 90.0, 130.0)).percent()).isEqualTo("±30 %");
    }

    @Test
    @DisplayName("P2: a ratio is taken within a repetition, so a disturbance that slows both does not count")
    void ratio() {
        add(MULTI_PAGE, 10, 1000, 12);
        add(PEER, 20, 2000, 6);
        assertThat(results.ratio(KEY, "quire-multi-page", "passthrough_fh")).contains(new Spread(2, 0.5, 2));
    }

    @Test
    @DisplayName("P4: rows that fall short stay in the table and name whom they are short of")
    void shortRow() {
        add(MULTI_PAGE, 20, 20, 20);
        add(ONE_PAGE, 60, 60, 60);
        add(PEER, 10, 10, 10);
        assertThat(table(Map.of())).contains("## Falls short", "| tmpfs, one core, write 64 KiB sequential | **0.50** (0.50 - 0.50) | - |")
            .contains("multi-page / one-page | at least 4.6 | 3.0 | 3.0 - 3.0 |  | **missed** |")
            .contains("| rows that are at least as fast as with passthrough_fh | all of 1 | 0 | | | **missed** |");
    }

    @Test
    @DisplayName("P5, P6: missing, hung and failed servers have a cell that says so and a line that says why")
    void failures() {
        add(MULTI_PAGE, 62_500, 62_500, 62_500);
        results.add(KEY, "quire-one-page", Sample.of(5));
        results.fail(KEY, "quire-one-page", Session.HUNG + "fio: no end after 60 s");
        results.leaveOut("disk: there is none");
        assertThat(table(Map.of("passthrough_fh", "not installed"))).contains("| hung | **1000 ±0 %** | missing |")
            .contains("- tmpfs, one core, write 64 KiB sequential, quire-one-page: hung: fio: no end after 60 s")
            .contains("- left out: disk: there is none").contains("missing: not installed");
    }

    @Test
    @DisplayName("large blocks are shown as throughput, small ones as time, programs as milliseconds")
    void units() {
        assertThat(WRITE.text(62_500)).isEqualTo("1000");
        assertThat(FioWorkload.direct("randread", 4096).rows().getFirst().text(12_340)).isEqualTo("12.3");
        assertThat(Row.ofProgram("untar").text(1.5e9)).isEqualTo("1500");
        assertThat(Row.ofFiles("stat").text(999)).isEqualTo("1.00");
    }

    @Test
    @DisplayName("JSON holds every repetition, and reads back")
    void json() {
        add(MULTI_PAGE, 10, 11, 12);
        results.fail(KEY, "passthrough_fh", "a \"reason\"\nof two lines");
        final String text = Json.write(Map.of("rows", results.asList(List.of("quire-multi-page", "passthrough_fh"))));
        final Map<?, ?> row = (Map<?, ?>) ((List<?>) ((Map<?, ?>) Json.parse(text)).get("rows")).getFirst();
        assertThat(row.get("row")).isEqualTo("write 64 KiB sequential");
        final Map<?, ?> servers = (Map<?, ?>) row.get("servers");
        assertThat(((Map<?, ?>) servers.get("quire-multi-page")).get("nanos")).isEqualTo(List.of(10.0, 11.0, 12.0));
        assertThat(((Map<?, ?>) servers.get("passthrough_fh")).get("failed")).isEqualTo("a \"reason\" of two lines");
    }

    @Test
    @DisplayName("every target names a row that the plans have")
    void targets() {
        for (final Plan.Step step : Plan.full()) {
            for (final Results.Key key : step.keys()) {
                results.add(key, "quire-multi-page", new Sample(10_000, 9000));
                results.add(key, "quire-one-page", new Sample(50_000, 27_000));
                final boolean records = key.row().title().endsWith("with recording");
                results.add(key, "quire-record", records ? new Sample(10_200, 9900) : new Sample(10_000, 9000));
            }
        }
        assertThat(Goal.all()).allSatisfy(goal -> assertThat(goal.line(results)).as(goal.title()).isPresent());
        assertThat(Plan.full().stream().flatMap(step -> step.keys().stream()).map(Results.Key::label)).doesNotHaveDuplicates()
            .containsAll(Plan.quick().stream().flatMap(step -> step.keys().stream()).map(Results.Key::label).toList());
        assertThat(Goal.all().getFirst().measured().apply(results).orElseThrow().median()).isCloseTo(5, within(1e-9));
        assertThat(Goal.all().getFirst().processor().apply(results).orElseThrow().median()).isCloseTo(3, within(1e-9));
        assertThat(Goal.all().get(Goal.all().size() - 2).line(results).orElseThrow())
            .contains("| 102.0 | 102.0 - 102.0 | 110.0 (110.0 - 110.0) | met |");
        assertThat(Goal.all().getLast().line(results).orElseThrow()).contains("without / without, percent | a control | 100.0 | 100.0 - 100.0 | 100.0 (100.0 - 100.0) |  |");
    }

    @Test
    @DisplayName("P2: the ratio by processor time is taken within a repetition, and there is none where one was not measured")
    void processorRatio() {
        results.add(KEY, "quire-multi-page", new Sample(1, 10));
        results.add(KEY, "quire-multi-page", new Sample(1, 20));
        results.add(KEY, "quire-one-page", new Sample(9, 30));
        results.add(KEY, "quire-one-page", new Sample(9, 80));
        assertThat(results.processorRatio(KEY, "quire-multi-page", "quire-one-page")).contains(new Spread(3.5, 3, 4));
        add(PEER, 5, 5);
        assertThat(results.processorRatio(KEY, "quire-multi-page", "passthrough_fh")).isEmpty();
    }

    private void add(final Server server, final double... nanos) {
        for (final double each : nanos) {
            results.add(KEY, server.name(), Sample.of(each));
        }
    }

    private String table(final Map<String, String> missing) {
        return new Table(results, List.of(ONE_PAGE, MULTI_PAGE, PEER), missing).markdown(Map.of("kernel", "Linux"), Scale.tiny(), Map.of());
    }
}
