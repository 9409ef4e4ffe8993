package io.quire.bench.mount;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Writes results as Markdown: what was to be reached and what was not first, then every figure. */
final class Table {
    /** The chart that goes before all, among those that the text refers to. */
    static final String MAIN_CHART = "main";
    /** The mount is to be at least as fast as these, in every row. */
    private static final List<String> JUDGES = List.of("passthrough_fh", "bindfs");

    /** The cell of what was not to be measured. */
    private static final String NONE = "";

    private final Results results;
    private final List<Server> servers;
    private final Map<String, String> missing;

    /**
     * @param servers in the order of the columns
     * @param missing names of servers that could not take part, with the reason
     */
    Table(final Results results, final List<Server> servers, final Map<String, String> missing) {
        this.results = results;
        this.servers = servers;
        this.missing = missing;
    }

    /**
     * The whole text.
     *
     * @param charts files of charts, by what they show
     */
    String markdown(final Map<String, String> machine, final Scale scale, final Map<String, String> charts) {
        final StringBuilder text = new StringBuilder("# The mount against its peers\n\n");
        machine.forEach((name, value) -> text.append("- ").append(name).append(": ").append(value).append('\n'));
        text.append(String.format(Locale.ROOT, "- all servers over one source, each in a directory of its own, taking turns in each repetition; "
            + "medians of %d, behind them how far the farthest repetition is from the median%n", scale.repetitions()));
        text.append(String.format(Locale.ROOT, "- file of %d MiB; %d files; tree of %d files, %d on disk; %d transactions; the "
            + "slow source takes %.1f ms for each read and %.1f for each MiB%n", scale.fileBytes() >> 20,
            scale.files(), scale.treeFiles(), scale.treeFiles(Place.Kind.DISK), scale.transactions(),
            scale.delayMicros() / 1e3, scale.pieceMicros() / 1e3));
        text.append("- how it is measured, and with which options: native-notes/comparison.md\n");
        chart(text, charts, MAIN_CHART, "writes and reads of 64 KiB and 4 KiB, one core, in memory");
        goals(text);
        shortfalls(text);
        for (final Place.Kind kind : Place.Kind.values()) {
            for (final Regime regime : Regime.values()) {
                final String where = kind.title() + ", " + regime.title();
                figures(text, where, keys(kind, regime, false));
                chart(text, charts, where, where);
                figures(text, where + ": what recording costs", keys(kind, regime, true));
            }
        }
        notes(text);
        return text.toString();
    }

    private static void chart(final StringBuilder text, final Map<String, String> charts, final String key, final String title) {
        if (charts.containsKey(key)) {
            text.append("\n![").append(title).append("](").append(charts.get(key)).append(")\n");
        }
    }

    private List<Results.Key> keys(final Place.Kind kind, final Regime regime, final boolean recording) {
        return results.keys().stream().filter(key -> key.kind() == kind && key.regime() == regime
            && recording == RecordingWorkload.isOneOfIts(key.row())).toList();
    }

    /** How many rows are at least as fast as a peer's, by the median. */
    private String count(final String peer) {
        int all = 0;
        int reached = 0;
        for (final Results.Key key : results.keys()) {
            final Optional<Spread> ratio = results.ratio(key, Goal.SUBJECT, peer);
            all += ratio.isPresent() ? 1 : 0;
            reached += ratio.isPresent() && ratio.get().median() >= 1 ? 1 : 0;
        }
        return all == 0 ? "" : String.format(Locale.ROOT, "| rows that are at least as fast as with %s | all of %d | %d | | | %s |%n", peer, all,
            reached, reached == all ? "met" : "**missed**");
    }

    private void goals(final StringBuilder text) {
        final List<String> lines = new ArrayList<>();
        Goal.all().forEach(goal -> goal.line(results).ifPresent(line -> lines.add(line + "\n")));
        JUDGES.stream().map(this::count).filter(line -> !line.isEmpty()).forEach(lines::add);
        if (!lines.isEmpty()) {
            text.append("\n## Targets\n\n| ").append(Goal.SUBJECT).append(" | target | median | lowest - highest | by processor time | |\n|---|--:|--:|--:|--:|---|\n");
            lines.forEach(text::append);
        }
    }

    /** A row that a judge is faster in. */
    private record Shortfall(Results.Key key, double factor) {
    }

    private void shortfalls(final StringBuilder text) {
        final List<Shortfall> rows = results.keys().stream().map(key -> new Shortfall(key, JUDGES.stream()
            .flatMap(judge -> results.ratio(key, Goal.SUBJECT, judge).stream()).mapToDouble(Spread::median).min().orElse(1)))
            .filter(row -> row.factor() < 1).sorted(Comparator.comparingDouble(Shortfall::factor)).toList();
        if (rows.isEmpty()) {
            return;
        }
        text.append("\n## Falls short\n\nSpeed of ").append(Goal.SUBJECT)
            .append(" when the peer's is 1, taken within a repetition: median, lowest - highest. The farthest first.\n\n| |");
        JUDGES.forEach(judge -> text.append(' ').append(judge).append(" |"));
        text.append("\n|---|").append("--:|".repeat(JUDGES.size())).append('\n');
        for (final Shortfall row : rows) {
            text.append("| ").append(row.key().label()).append(" |");
            JUDGES.forEach(judge -> text.append(results.ratio(row.key(), Goal.SUBJECT, judge).map(ratio -> String.format(Locale.ROOT,
                ratio.median() < 1 ? " **%.2f** (%.2f - %.2f) |" : " %.2f (%.2f - %.2f) |", ratio.median(), ratio.lowest(), ratio.highest()))
                .orElse(" - |")));
            text.append('\n');
        }
    }

    private void figures(final StringBuilder text, final String title, final List<Results.Key> keys) {
        if (keys.isEmpty()) {
            return;
        }
        final List<Server> columns = servers.stream().filter(server -> server.role() == Server.Role.PEER && !isRecording(keys)
            || keys.stream().anyMatch(key -> !cell(key, server.name()).equals(NONE))).toList();
        final List<String> judges = JUDGES.stream().filter(judge -> keys.stream()
            .anyMatch(key -> results.ratio(key, Goal.SUBJECT, judge).isPresent())).toList();
        text.append("\n## ").append(title).append("\n\n");
        if (!judges.isEmpty()) {
            text.append("The fastest of the mounts is bold. Last: speed of ").append(Goal.SUBJECT).append(" when that of ")
                .append(String.join(", of ", judges)).append(" is 1.\n\n");
        }
        text.append("| |");
        columns.forEach(server -> text.append(' ').append(server.name()).append(" |"));
        judges.forEach(judge -> text.append(" / ").append(judge).append(" |"));
        text.append("\n|---|").append("--:|".repeat(columns.size() + judges.size())).append('\n');
        for (final Results.Key key : keys) {
            final Optional<String> fastest = fastest(key, columns);
            text.append("| ").append(key.row().title()).append(", ").append(key.row().unit().symbol()).append(" |");
            columns.forEach(server -> text.append(' ').append(fastest.filter(server.name()::equals).isPresent()
                ? "**" + cell(key, server.name()) + "**" : cell(key, server.name())).append(" |"));
            judges.forEach(judge -> text.append(results.ratio(key, Goal.SUBJECT, judge)
                .map(ratio -> String.format(Locale.ROOT, " %.2f |", ratio.median())).orElse(" |")));
            text.append('\n');
        }
    }

    private static boolean isRecording(final List<Results.Key> keys) {
        return keys.stream().allMatch(key -> RecordingWorkload.isOneOfIts(key.row()));
    }

    private Optional<String> fastest(final Results.Key key, final List<Server> columns) {
        return columns.stream().map(Server::name).filter(name -> !BareDirectory.NAME.equals(name) && results.spread(key, name).isPresent())
            .min(Comparator.comparingDouble(name -> results.spread(key, name).orElseThrow().median()));
    }

    private String cell(final Results.Key key, final String server) {
        final Optional<String> failure = results.failure(key, server);
        if (failure.isPresent()) {
            return failure.get().startsWith(Session.HUNG) ? "hung" : "failed";
        }
        return results.spread(key, server).map(spread -> key.row().text(spread.median()) + " " + spread.percent())
            .orElse(missing.containsKey(server) ? "missing" : NONE);
    }

    private void notes(final StringBuilder text) {
        text.append("\n## Servers\n\n");
        servers.forEach(server -> text.append("- ").append(server.name()).append(": ").append(server.description())
            .append(missing.containsKey(server.name()) ? "; missing: " + missing.get(server.name()) : "").append('\n'));
        final List<String> lines = new ArrayList<>();
        for (final Results.Key key : results.keys()) {
            servers.forEach(server -> results.failure(key, server.name())
                .ifPresent(reason -> lines.add(key.label() + ", " + server.name() + ": " + reason)));
        }
        results.leftOut().forEach(what -> lines.add("left out: " + what));
        if (!lines.isEmpty()) {
            text.append("\n## What did not work\n\n");
            lines.forEach(line -> text.append("- ").append(line).append('\n'));
        }
    }
}
