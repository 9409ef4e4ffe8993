package io.quire.bench.mount;

import java.io.IOException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** One run: place by place, row by row, repetition by repetition, server by server. */
final class Session {
    /** What the reason of a failure begins with when a command did not end. */
    static final String HUNG = "hung: ";

    private final List<Plan.Step> steps;
    private final Predicate<String> wanted;
    private final List<Server> servers;
    private final Scale scale;
    private final Progress progress;
    private final Runnable checkpoint;
    private final Results results = new Results();
    private final Map<String, String> missing = new LinkedHashMap<>();

    /**
     * @param steps      what to do, in this order
     * @param wanted     whether a row with this label is wanted
     * @param servers    on what
     * @param scale      how much
     * @param progress   told what is going on
     * @param checkpoint run whenever there are new results
     */
    Session(final List<Plan.Step> steps, final Predicate<String> wanted, final List<Server> servers, final Scale scale,
        final Consumer<String> progress, final Consumer<Session> checkpoint) {
        this.steps = steps;
        this.wanted = wanted;
        this.servers = servers;
        this.scale = scale;
        this.progress = new Progress(progress);
        this.checkpoint = () -> checkpoint.accept(this);
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
                progress.say(server.name() + " is missing: " + reason);
            });
        }
        // Everything that makes a place unusable is said before anything is measured.
        final Map<Place.Kind, Place> places = new EnumMap<>(Place.Kind.class);
        for (final Place.Kind kind : steps.stream().map(Plan.Step::kind).distinct().toList()) {
            final Optional<Place> place = Place.find(kind);
            final Optional<String> obstacle = place.isEmpty() ? Optional.of("there is none on this machine")
                : kind == Place.Kind.SLOW && delaying.missing().isPresent() ? delaying.missing()
                : place.get().lack(able(kind), scale);
            if (obstacle.isPresent()) {
                leaveOut(kind.title(), obstacle.get());
            } else {
                places.put(kind, place.get());
                progress.expect(Progress.startSeconds(able(kind), scale));
                here(kind).forEach(step -> progress.expect(step.seconds(scale, able(kind))));
            }
        }
        final List<Plan.Step> possible = steps.stream().filter(step -> places.containsKey(step.kind())).toList();
        if (possible.isEmpty()) {
            return;
        }
        progress.begin(possible.size(), servers.size() - missing.size());
        final Affinity affinity = Affinity.ours();
        try (Client client = new Client(affinity)) {
            for (final Place.Kind kind : possible.stream().map(Plan.Step::kind).distinct().toList()) {
                final double start = Progress.startSeconds(able(kind), scale);
                if (overdue(start)) {
                    here(kind).forEach(step -> leaveOut(step, "the time was over"));
                } else {
                    visit(places.get(kind), kind == Place.Kind.SLOW ? delaying : null, affinity, client);
                }
            }
        }
    }

    private List<Plan.Step> here(final Place.Kind kind) {
        return steps.stream().filter(step -> step.kind() == kind).toList();
    }

    /** Servers that can take part and that a step in this place is for. */
    private List<Server> able(final Place.Kind kind) {
        return Plan.able(steps, kind, servers.stream().filter(server -> !missing.containsKey(server.name())).toList());
    }

    private void visit(final Place place, final Server delay, final Affinity affinity, final Client client) throws InterruptedException {
        final Place.Kind kind = place.kind();
        progress.step(kind.title() + ": mounting and warming up");
        final List<Server> able = able(kind);
        try (Site site = Site.open(place, able, delay)) {
            site.failed().forEach((name, reason) -> progress.say(name + ": " + reason));
            final Visit visit = new Visit(site, new Bench(scale, affinity, client, site.shared()), results, wanted, progress);
            visit.warmUp(site.targets());
            progress.done(Progress.startSeconds(able, scale));
            for (final Plan.Step step : here(kind)) {
                final Optional<String> program = step.workload().program().filter(name -> !Programs.has(name));
                if (program.isPresent()) {
                    leaveOut(step, program.get() + " is not installed");
                } else if (overdue(0)) {
                    leaveOut(step, "the time was over");
                } else {
                    visit.measure(step);
                    checkpoint.run();
                }
                progress.done(step.seconds(scale, able));
            }
            progress.step(kind.title() + ": unmounting");
        } catch (final IOException e) {
            leaveOut(kind.title(), e.getMessage());
        }
    }

    private boolean overdue(final double reserve) {
        return scale.budgetSeconds() > 0 && progress.gone() > scale.budgetSeconds() - reserve;
    }

    private void leaveOut(final String what, final String reason) {
        results.leaveOut(what + ": " + reason);
        progress.say(what + " is left out: " + reason);
    }

    private void leaveOut(final Plan.Step step, final String reason) {
        step.keys().stream().map(Results.Key::label).filter(wanted).forEach(label -> leaveOut(label, reason));
    }
}
