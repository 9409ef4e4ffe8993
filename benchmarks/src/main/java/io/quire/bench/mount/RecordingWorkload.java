package io.quire.bench.mount;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What recording costs: one mount that records, and is told to pause. Two mounts differ by more than a record costs, as each JVM compiles its own way; so
 * what is compared is the same process, and a third cell, again without recording, shows how far two equal ones are apart.
 */
final class RecordingWorkload implements Workload {
    /** What titles of these rows begin with. */
    private static final String TITLE = "recording: ";

    private final FioWorkload work;

    /** What is measured, in the order of the rows. */
    private enum State {
        ON("on", "with recording"), OFF("off", "without"), AGAIN("off", "without, again");

        private final String argument;
        private final String title;

        State(final String argument, final String title) {
            this.argument = argument;
            this.title = title;
        }
    }

    /** @param work of one row */
    RecordingWorkload(final FioWorkload work) {
        this.work = work;
    }

    static boolean isOneOfIts(final Row row) {
        return row.title().startsWith(TITLE);
    }

    @Override
    public List<Row> rows() {
        final Row row = work.rows().getFirst();
        return Arrays.stream(State.values()).map(state -> Row.ofBlocks(TITLE + row.title() + ", " + state.title, row.bytes())).toList();
    }

    @Override
    public Optional<String> program() {
        return work.program();
    }

    @Override
    public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
        return State.values().length * (work.seconds(scale, kind, regime) + work.turnSeconds());
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
        work.prepare(target, bench);
    }

    @Override
    public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final List<State> order = new ArrayList<>(List.of(State.values()));
        Collections.rotate(order, repetition);
        if (repetition % 2 == 1) {
            Collections.reverse(order);
        }
        final Sample[] samples = new Sample[order.size()];
        for (final State state : order) {
            target.mounted().tell("record " + state.argument);
            samples[state.ordinal()] = work.run(target, bench, regime, repetition).getFirst();
        }
        return List.of(samples);
    }
}
