package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * One run: place by place, row by row, repetition by repetition, server by server. The order of the servers is turned by one in each repetition,
 * so that none always follows the same.
 */
final class Session {
    /** What the reason of a failure begins with when a command did not end. */
    static final String HUNG = "hung: ";

    /** What mounting all servers and warming them up takes, for a run with a time limit. */
    private static final int MOUNT_SECONDS = 60;

    private final List<Plan.Step> steps;
    private final Predicate<String> wanted;
    private final List<Server> servers;
    private final Scale scale;
    private final Consumer<String> progress;
    private final Results results = new Results();
    private final Map<String, String> missing = new LinkedHashMap<>();
    private final long start = System.nanoTime();

    /**
     * @param steps    what to do, in this order
     * @param wanted   whether a row with this label is wanted
     * @param servers  on what
     * @param scale    how much
     * @param progress told what is going on
     */
    Session(final List<Plan.Step> steps, final Predicate<String> wanted, final List<Server> servers, final Scale scale,
        final Consumer<String> progress) {
        this.steps = steps;
        this.wanted = wanted;
        this.servers = servers;
        this.scale = scale;
        this.progress = progress;
    }

    Results results() {
        return results;
    }

    /** Names of the servers that could not take part, with the reason. */
    Map<String, String> missing() {
        return missing;
    }

    /**
     * Runs all.
     *
     * @param delaying a server that makes a source slow
     */
    void run(final Server delaying) throws IOException, InterruptedException {
        for (final Server server : servers) {
            server.missing().ifPresent(reason -> {
                missing.put(server.name(), reason);
                progress.accept(server.name() + " is missing: " + reason);
            });
        }
        final Affinity affinity = Affinity.ours();
        try (Client client = new Client(affinity)) {
            for (final Place.Kind kind : steps.stream().map(Plan.Step::kind).distinct().toList()) {
                final List<Plan.Step> here = steps.stream().filter(step -> step.kind() == kind).toList();
                final Optional<Place> place = Place.find(kind);
                if (place.isEmpty()) {
                    leaveOut(kind.title(), "there is none on this machine");
                } else if (kind == Place.Kind.SLOW && delaying.missing().isPresent()) {
                    leaveOut(kind.title(), delaying.missing().get());
                } else if (!overdue(MOUNT_SECONDS)) {
                    visit(place.get(), here, kind == Place.Kind.SLOW ? delaying : null, affinity, client);
                } else {
                    here.forEach(step -> leaveOut(step, "the time was over"));
                }
            }
        }
    }

    private void leaveOut(final String what, final String reason) {
        results.leaveOut(what + ": " + reason);
        progress.accept(what + " is left out: " + reason);
    }

    private void leaveOut(final Plan.Step step, final String reason) {
        step.keys().stream().map(Results.Key::label).filter(wanted).forEach(label -> leaveOut(label, reason));
    }

    private boolean overdue(final int reserve) {
        return scale.budgetSeconds() > 0 && System.nanoTime() - start > TimeUnit.SECONDS.toNanos(scale.budgetSeconds() - reserve);
    }

    private void visit(final Place place, final List<Plan.Step> here, final Server delay, final Affinity affinity, final Client client)
        throws IOException, InterruptedException {
        progress.accept(place.kind().title() + ": mounting and warming up");
        final List<Server> able = servers.stream().filter(server -> server.missing().isEmpty()).toList();
        try (Site site = Site.open(place, able, delay, scale.bytesPerServer())) {
            site.failed().forEach((name, reason) -> progress.accept(name + ": " + reason));
            final Visit visit = new Visit(site, new Bench(scale, affinity, client, site.shared()), place.kind());
            visit.warmUp(site.targets());
            for (final Regime regime : here.stream().map(Plan.Step::regime).distinct().toList()) {
                for (final Plan.Step step : here.stream().filter(each -> each.regime() == regime).toList()) {
                    if (overdue(0)) {
                        leaveOut(step, "the time was over");
                    } else {
                        visit.measure(step);
                    }
                }
            }
            progress.accept(place.kind().title() + ": unmounting");
        } catch (final IOException e) {
            leaveOut(place.kind().title(), e.getMessage());
        }
    }

    /** One place. */
    private final class Visit {
        private final Site site;
        private final Bench bench;
        private final Place.Kind kind;
        private final Set<List<Object>> prepared = new HashSet<>();

        Visit(final Site site, final Bench bench, final Place.Kind kind) {
            this.site = site;
            this.bench = bench;
            this.kind = kind;
        }

        void warmUp(final List<Target> targets) throws IOException, InterruptedException {
            for (final Map.Entry<Target, String> hanging : new WarmUp(bench, kind).run(targets).entrySet()) {
                progress.accept(hanging.getKey().name() + ": " + HUNG + hanging.getValue());
                site.giveUp(hanging.getKey(), HUNG + hanging.getValue());
            }
        }

        void measure(final Plan.Step step) throws IOException, InterruptedException {
            final Optional<String> program = step.workload().program().filter(name -> !Programs.has(name));
            if (program.isPresent()) {
                leaveOut(step, program.get() + " is not installed");
                return;
            }
            for (final Target target : site.targets()) {
                attempt(step, target, () -> {
                    if (prepared.add(List.of(target.name(), step.workload()))) {
                        step.workload().prepare(target, bench);
                    }
                    target.mounted().move(bench.affinity(), step.regime());
                    return List.of();
                });
            }
            // What a server of this step did before it was given up says more.
            site.failed().forEach((name, reason) -> keys(step).stream().filter(key -> results.failure(key, name).isEmpty())
                .forEach(key -> results.fail(key, name, site.withoutPaths(reason))));
            for (int repetition = 0; repetition < scale.repetitions(); repetition++) {
                progress.accept(step.keys().getFirst().label() + (step.keys().size() > 1 ? " and more" : "") + ", " + (repetition + 1) + " of "
                    + scale.repetitions());
                final List<Target> turn = new ArrayList<>(site.targets());
                Collections.rotate(turn, -repetition);
                for (final Target target : turn) {
                    final int number = repetition + step.regime().ordinal() * scale.repetitions();
                    attempt(step, target, () -> step.workload().run(target, bench, step.regime(), number));
                }
            }
        }

        /** Keeps what came out, or why nothing did; a server that hangs or is gone is mounted again for the rows that follow. */
        private void attempt(final Plan.Step step, final Target target, final Attempt work) throws IOException, InterruptedException {
            if (results.failure(keys(step).getFirst(), target.name()).isPresent()) {
                return;
            }
            try {
                final List<Double> times = work.run();
                for (int i = 0; i < times.size(); i++) {
                    if (wanted.test(step.keys().get(i).label())) {
                        results.add(step.keys().get(i), target.name(), times.get(i));
                    }
                }
                return;
            } catch (final HungException e) {
                fail(step, target, HUNG + e.getMessage());
            } catch (final IOException e) {
                fail(step, target, e.getMessage() + (target.mounted().serves() ? "" : "; the server ended"));
                if (target.mounted().serves()) {
                    return;
                }
            }
            site.restart(target);
            site.failed().computeIfPresent(target.name(), (name, reason) -> "not mounted again: " + reason);
            if (site.targets().contains(target)) {
                warmUp(List.of(target));
            }
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
            progress.accept(target.name() + ": " + clean);
        }
    }

    /** Something that may fail. */
    @FunctionalInterface
    private interface Attempt {
        List<Double> run() throws IOException, InterruptedException;
    }
}
