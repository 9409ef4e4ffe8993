package io.quire.fuse.reproduce;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Outcomes by row of cases and column of policies, and what went wrong in full. Not thread-safe.
 */
public final class ResultTable {
    private static final int MAX_COMPLAINTS = 10;

    private final Map<String, Map<String, Cell>> rows = new LinkedHashMap<>();
    private final Map<String, Integer> columns = new LinkedHashMap<>();
    private final List<String> complaints = new ArrayList<>();
    private int bad;
    private int tried;

    /** Makes an empty table. */
    public ResultTable() {
    }

    private static final class Cell {
        private final EnumMap<Outcome.Kind, Integer> counts = new EnumMap<>(Outcome.Kind.class);

        @Override
        public String toString() {
            final StringBuilder text = new StringBuilder();
            counts.forEach((kind, count) -> {
                final String word = switch (kind) {
                    case RIGHT -> "ok";
                    case REPORTED -> "reported";
                    case REFUSED -> "refused";
                    case WRONG, FAILED, HUNG -> kind.name();
                };
                text.append(text.isEmpty() ? "" : ", ").append(word);
                if (kind != Outcome.Kind.REFUSED) {
                    text.append(' ').append(count);
                }
            });
            return text.isEmpty() ? "-" : text.toString();
        }
    }

    /**
     * Adds an outcome.
     *
     * @param policy  its column
     * @param one     its row, and what is said when it went wrong
     * @param run     which repetition it was, from 1
     * @param outcome what to count
     */
    public void add(final String policy, final WriteCase one, final int run, final Outcome outcome) {
        columns.putIfAbsent(policy, columns.size());
        tried += outcome.kind() == Outcome.Kind.REFUSED ? 0 : 1;
        rows.computeIfAbsent(one.group(), group -> new LinkedHashMap<>()).computeIfAbsent(policy, column -> new Cell())
            .counts.merge(outcome.kind(), 1, Integer::sum);
        if (outcome.isBad()) {
            bad++;
            if (complaints.size() < MAX_COMPLAINTS) {
                complaints.add(String.format(Locale.ROOT, "%s under %s, run %d: %s%n  %s%n", outcome.kind(), policy, run,
                    one, outcome.detail().strip().replace("\n", "\n  ")));
            }
        }
    }

    /**
     * Whether anything went wrong or hung.
     *
     * @return how often
     */
    public int bad() {
        return bad;
    }

    /**
     * How many cases were tried.
     *
     * @return those that were refused not counted
     */
    public int tried() {
        return tried;
    }

    /** The table, and below it each thing that went wrong, ten at most. */
    @Override
    public String toString() {
        final int label = rows.keySet().stream().mapToInt(String::length).max().orElse(0);
        final StringBuilder text = new StringBuilder();
        final List<Integer> widths = new ArrayList<>();
        text.append(" ".repeat(label));
        for (final String column : columns.keySet()) {
            final int width = Math.max(column.length(), rows.values().stream()
                .mapToInt(row -> row.getOrDefault(column, new Cell()).toString().length()).max().orElse(0));
            widths.add(width);
            text.append("  ").append(pad(column, width));
        }
        trim(text).append('\n');
        rows.forEach((name, row) -> {
            text.append(pad(name, label));
            int at = 0;
            for (final String column : columns.keySet()) {
                text.append("  ").append(pad(row.getOrDefault(column, new Cell()).toString(), widths.get(at++)));
            }
            trim(text).append('\n');
        });
        complaints.forEach(complaint -> text.append('\n').append(complaint));
        if (bad > complaints.size()) {
            text.append('\n').append(bad - complaints.size()).append(" more went wrong.\n");
        }
        return text.toString();
    }

    private static StringBuilder trim(final StringBuilder text) {
        while (!text.isEmpty() && text.charAt(text.length() - 1) == ' ') {
            text.setLength(text.length() - 1);
        }
        return text;
    }

    private static String pad(final String text, final int width) {
        return text + " ".repeat(width - text.length());
    }
}
