package io.quire.bench.mount;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Writes results as Markdown. */
final class Table {
    /** The mount is to be at least as fast as these, in every row. */
    private static final List<String> JUDGES = List.of("passthrough_fh", "bindfs");

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

    String markdown(final Map<String, String> machine, final Scale scale) {
        final StringBuilder text = new StringBuilder("# The mount against its peers\n\n");
        machine.forEach((name, value) -> text.append("- ").append(name).append(": ").append(value).append('\n'));
        text.append(String.format(Locale.ROOT, "- medians of %d repetitions, behind them how far the farthest one is from the median; file of "
            + "%d MiB, %d files, tree of %d files, %d transactions; the slow source takes %.1f ms for each read%n", scale.repetitions(),
            scale.fileBytes() >> 20, scale.files(), scale.treeFiles(), scale.transactions(), scale.delayMicros() / 1e3));
        text.append("- each server has a part of its own of one source; they take turns within each repetition\n");
        goals(text);
        for (final Place.Kind kind : Place.Kind.values()) {
            for (final Regime regime : Regime.values()) {
                figures(text, keys(kind, regime));
            }
        }
        ratios(text);
        notes(text);
        return text.toString();
    }

    private List<Results.Key> keys(final Place.Kind kind, final Regime regime) {
        return results.keys().stream().filter(key -> key.kind() == kind && key.regime() == regime).toList();
    }

    private void goals(final StringBuilder text) {
        final List<String> lines = Goal.all().stream().map(goal -> goal.line(results)).flatMap(Optional::stream).toList();
        if (!lines.isEmpty()) {
            text.append("\n## Targets\n\n| | target | median | lowest - highest | |\n|---|--:|--:|--:|---|\n");
            lines.forEach(line -> text.append(line).append('\n'));
        }
    }

    private void figures(final StringBuilder text, final List<Results.Key> keys) {
        if (keys.isEmpty()) {
            return;
        }
        text.append("\n## ").append(keys.getFirst().kind().title()).append(", ").append(keys.getFirst().regime().title())
            .append("\n\n| |");
        servers.forEach(server -> text.append(' ').append(server.name()).append(" |"));
        text.append("\n|---|").append("--:|".repeat(servers.size())).append('\n');
        for (final Results.Key key : keys) {
            text.append("| ").append(key.row().title()).append(", ").append(key.row().unit().symbol()).append(" |");
            servers.forEach(server -> text.append(' ').append(cell(key, server.name())).append(" |"));
            text.append('\n');
        }
    }

    private String cell(final Results.Key key, final String server) {
        final Optional<String> failure = results.failure(key, server);
        if (failure.isPresent()) {
            return failure.get().startsWith(Session.HUNG) ? "hung" : "failed";
        }
        return results.spread(key, server).map(spread -> key.row().text(spread.median()) + " " + spread.percent())
            .orElse(missing.containsKey(server) ? "missing" : "-");
    }

    private void ratios(final StringBuilder text) {
        final List<Server> peers = servers.stream().filter(server -> !server.name().startsWith(QuireServer.PREFIX)).toList();
        if (peers.isEmpty() || servers.stream().noneMatch(server -> server.name().equals(Goal.SUBJECT))) {
            return;
        }
        text.append("\n## Speed of ").append(Goal.SUBJECT)
            .append(" when the peer's is 1\n\nRatios are taken within a repetition. Median, lowest - highest.\n\n| |");
        peers.forEach(peer -> text.append(' ').append(peer.name()).append(" |"));
        text.append(" |\n|---|").append("--:|".repeat(peers.size())).append("---|\n");
        for (final Results.Key key : results.keys()) {
            text.append("| ").append(key.label()).append(" |");
            final List<String> slower = new ArrayList<>();
            for (final Server peer : peers) {
                final Optional<Spread> ratio = results.ratio(key, Goal.SUBJECT, peer.name());
                text.append(ratio.map(r -> String.format(Locale.ROOT, " %.2f (%.2f - %.2f) |", r.median(), r.lowest(), r.highest()))
                    .orElse(" - |"));
                if (JUDGES.contains(peer.name()) && ratio.isPresent() && ratio.get().median() < 1) {
                    slower.add(peer.name());
                }
            }
            text.append(' ').append(slower.isEmpty() ? "" : "short of " + String.join(" and ", slower)).append(" |\n");
        }
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
