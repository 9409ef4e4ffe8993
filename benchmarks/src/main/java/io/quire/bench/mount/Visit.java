package io.quire.bench.mount;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Measures in one place. A server that hangs or is gone is mounted again for the rows that follow. */
final class Visit {
    private static final int SYNC_SECONDS = 120;

    private final Site site;
    private final Bench bench;
    private final Results results;
    private final Predicate<String> wanted;
    private final Progress progress;
    private final Set<List<Object>> prepared = new HashSet<>();
    private int repetitions;

    /** Something that may fail. */
    @FunctionalInterface
    private interface Attempt {
        List<Sample> run() throws IOException, InterruptedException;
    }

    Visit(final Site site, final Bench bench, final Results results, final Predicate<String> wanted, final Progress progress) {
        this.site = site;
        this.bench = bench;
        this.results = results;
        this.wanted = wanted;
        this.progress = progress;
    }

    void warmUp(final List<Target> targets) throws IOException, InterruptedException {
        for (final Map.Entry<Target, String> hanging : new WarmUp(bench).run(targets).entrySet()) {
            progress.say(hanging.getKey().name() + ": " + Session.HUNG + hanging.getValue());
            site.giveUp(hanging.getKey(), Session.HUNG + hanging.getValue());
        }
    }

    private List<Target> targets(final Plan.Step step) {
        return site.targets().stream().filter(target -> step.audience().includes(target.server())).toList();
    }

    /** Does all repetitions of a step. */
    void measure(final Plan.Step step) throws IOException, InterruptedException {
        final List<Results.Key> keys = keys(step);
        progress.step(keys.getFirst().label() + (keys.size() > 1 ? " and " + (keys.size() - 1) + " more" : ""));
        for (final Target target : targets(step)) {
            attempt(step, target, () -> {
                forget(step, target);
                if (prepared.add(List.of(target.name(), step.workload()))) {
                    step.workload().prepare(target, bench);
                }
                target.mounted().move(bench.affinity(), step.regime());
                return List.of();
            });
        }
        // What a server of this step did before it was given up says more.
        site.failed().forEach((server, reason) -> {
            if (step.audience().includes(server)) {
                keys.stream().filter(key -> results.failure(key, server.name()).isEmpty())
                    .forEach(key -> results.fail(key, server.name(), site.withoutPaths(reason)));
            }
        });
        if (step.kind() == Place.Kind.DISK) {
            // What earlier rows left dirty would be written while later ones are measured.
            Command.of("sync", "-f", site.shared().toString()).seconds(SYNC_SECONDS).run();
        }
        for (int repetition = 0; repetition < step.repetitions(bench.scale()); repetition++) {
            final int number = repetitions++;
            final List<Target> turn = turn(targets(step), repetition);
            final Map<Target, List<Sample>> done = inTurn(step, turn, number);
            for (final Target target : turn) {
                attempt(step, target, () -> {
                    if (done.containsKey(target)) {
                        return done.get(target);
                    }
                    forget(step, target);
                    return step.workload().run(target, bench, step.regime(), number);
                });
            }
        }
    }

    /**
     * The order of a repetition: turned by one each time, so that none always follows the same. Ours stay together, so that what is compared
     * is measured within a second, and are the other way round each second time.
     */
    static List<Target> turn(final List<Target> targets, final int repetition) {
        final List<List<Target>> units = new ArrayList<>();
        final List<Target> own = new ArrayList<>(targets.stream().filter(target -> target.server().role() != Server.Role.PEER).toList());
        if (repetition % 2 == 1) {
            Collections.reverse(own);
        }
        units.add(own);
        targets.stream().filter(target -> target.server().role() == Server.Role.PEER).forEach(target -> units.add(List.of(target)));
        Collections.rotate(units, -repetition);
        return units.stream().flatMap(List::stream).toList();
    }

    /** Runs on all that did not fail yet. When not even that works, each is run by itself, and it shows whose fault it is. */
    private Map<Target, List<Sample>> inTurn(final Plan.Step step, final List<Target> turn, final int number) throws InterruptedException {
        final List<Target> able = turn.stream().filter(target -> results.failure(keys(step).getFirst(), target.name()).isEmpty()).toList();
        if (able.size() < 2) {
            return Map.of();
        }
        try {
            return step.workload().runInTurn(able, bench, step.regime(), number);
        } catch (final IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException(e.getMessage());
            }
            progress.say(keys(step).getFirst().label() + ": one by one, as together: " + site.withoutPaths(String.valueOf(e.getMessage())));
            return Map.of();
        }
    }

    /** A server that keeps a descriptor for each file that the kernel knows would run out of them: one that is new keeps none. */
    private void forget(final Plan.Step step, final Target target) throws IOException, InterruptedException {
        if (step.workload().manyFiles() && target.server().mostFiles() < Integer.MAX_VALUE) {
            target.mounted().stop();
            target.mounted().start();
            target.mounted().await();
            target.mounted().move(bench.affinity(), step.regime());
        }
    }

    /** Keeps what came out, or why nothing did. */
    private void attempt(final Plan.Step step, final Target target, final Attempt work) throws IOException, InterruptedException {
        if (results.failure(keys(step).getFirst(), target.name()).isPresent()) {
            return;
        }
        try {
            final List<Sample> samples = work.run();
            for (int i = 0; i < samples.size(); i++) {
                if (wanted.test(step.keys().get(i).label())) {
                    results.add(step.keys().get(i), target.name(), samples.get(i));
                }
            }
            return;
        } catch (final HungException e) {
            fail(step, target, Session.HUNG + e.getMessage());
        } catch (final IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException(e.getMessage());
            }
            fail(step, target, e.getMessage() + (target.mounted().serves() ? "" : "; the server ended"));
            if (target.mounted().serves()) {
                return;
            }
        }
        final Optional<String> obstacle = site.restart(target);
        if (obstacle.isPresent()) {
            progress.say(target.name() + ": " + site.withoutPaths(obstacle.get()));
            return;
        }
        warmUp(List.of(target));
        if (site.targets().contains(target)) {
            target.mounted().move(bench.affinity(), step.regime());
        }
    }

    /** The rows of a step that are wanted: one at least. */
    private List<Results.Key> keys(final Plan.Step step) {
        return step.keys().stream().filter(key -> wanted.test(key.label())).toList();
    }

    private void fail(final Plan.Step step, final Target target, final String reason) {
        final String clean = site.withoutPaths(String.valueOf(reason));
        keys(step).forEach(key -> results.fail(key, target.name(), clean));
        progress.say(target.name() + ": " + clean);
    }
}
