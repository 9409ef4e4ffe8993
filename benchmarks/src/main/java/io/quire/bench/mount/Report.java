package io.quire.bench.mount;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.quire.bench.report.Json;
import io.quire.bench.report.OutputDirectory;
import io.quire.bench.report.ResultFiles;

/**
 * Writes what came out: a table, JSON and charts. While a run goes on, what there is stands under another name, so that a run that does not come to
 * its end leaves it, and never in the place of one that did.
 */
final class Report {
    private static final String UNFINISHED = "-unfinished";
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Path directory;
    private final String name;
    private final List<Server> servers;
    private final Scale scale;
    private final Map<String, String> machine;
    private final Consumer<String> say;
    /** Those of the whole run, which a signal forbids. */
    private final ResultFiles results;
    /** Those of a part of it, which are kept all the more then. */
    private final ResultFiles parts = new ResultFiles();
    private long last = System.nanoTime();

    /**
     * Makes sure, too, that results can be written later.
     *
     * @param directory where they go; made when it is not there
     * @param name      of the files, without their ends
     * @param servers   in the order of the columns
     * @param results   puts them in place, unless it is stopped
     */
    Report(final Path directory, final String name, final List<Server> servers, final Scale scale, final Map<String, String> machine,
        final ResultFiles results, final Consumer<String> say) throws IOException {
        this.results = results;
        this.directory = directory;
        this.name = name;
        this.servers = servers;
        this.scale = scale;
        this.machine = machine;
        this.say = say;
        final Optional<String> obstacle = OutputDirectory.obstacle(directory);
        if (obstacle.isPresent()) {
            throw new IOException(obstacle.get());
        }
    }

    /** Writes what there is, unless that was done a moment ago. */
    void checkpoint(final Session session) {
        if (System.nanoTime() - last >= INTERVAL_NANOS) {
            partial(session);
            last = System.nanoTime();
        }
    }

    /** The run did not come to its end: what there is stays. */
    void unfinished(final Session session) {
        if (!session.results().keys().isEmpty() && partial(session)) {
            say.accept("not finished; what was measured is in " + directory.resolve(name + UNFINISHED + ".md"));
        }
    }

    private boolean partial(final Session session) {
        try {
            write(name + UNFINISHED, session, false);
            return true;
        } catch (final IOException e) {
            say.accept("results cannot be written now: " + e.getMessage());
            return false;
        }
    }

    /** Writes the whole and removes what stood for it. */
    String finished(final Session session) throws IOException {
        final String table;
        try {
            table = write(name, session, true);
        } catch (final InterruptedIOException e) {
            throw e;
        } catch (final IOException e) {
            throw new IOException("results cannot be written to " + directory + ": " + e.getMessage(), e);
        }
        Files.deleteIfExists(directory.resolve(name + UNFINISHED + ".md"));
        Files.deleteIfExists(directory.resolve(name + UNFINISHED + ".json"));
        say.accept("written to " + directory + "/" + name + ".*");
        return table;
    }

    private String write(final String as, final Session session, final boolean whole) throws IOException {
        final Map<String, Object> all = new LinkedHashMap<>();
        all.put("finished", whole);
        all.put("machine", machine);
        all.put("repetitions", scale.repetitions());
        final Map<String, Object> described = new LinkedHashMap<>();
        servers.forEach(server -> described.put(server.name(), server.description()));
        all.put("servers", described);
        all.put("missing", session.missing());
        all.put("leftOut", session.results().leftOut());
        all.put("rows", session.results().asList(servers.stream().map(Server::name).toList()));
        final Map<String, byte[]> contents = new LinkedHashMap<>();
        final Table table = new Table(session.results(), servers, session.missing());
        final String text = whole ? table.markdown(machine, scale, charts(session.results(), contents))
            : "**Unfinished: this run did not come to its end.**\n\n" + table.markdown(machine, scale, Map.of());
        contents.put(as + ".json", Json.write(all).getBytes(StandardCharsets.UTF_8));
        contents.put(as + ".md", text.getBytes(StandardCharsets.UTF_8));
        if (!(whole ? results : parts).place(directory, contents)) {
            throw new InterruptedIOException("a signal came before the results were in place");
        }
        return text;
    }

    /**
     * Draws what there is to draw; a JVM without fonts cannot, which costs the pictures and nothing else.
     *
     * @param contents where the pictures go, by the names of their files
     * @return the names by what they show
     */
    private Map<String, String> charts(final Results results, final Map<String, byte[]> contents) {
        System.setProperty("java.awt.headless", "true");
        say.accept("drawing charts");
        final Map<String, String> names = new LinkedHashMap<>();
        final Map<String, byte[]> drawn = new LinkedHashMap<>();
        try {
            final Optional<byte[]> main = new MainChart(results, servers).draw();
            if (main.isPresent()) {
                names.put(Table.MAIN_CHART, name + "-main.png");
                drawn.put(name + "-main.png", main.get());
            }
            for (final Place.Kind kind : Place.Kind.values()) {
                for (final Regime regime : Regime.values()) {
                    final String file = name + "-" + kind.slug() + "-" + regime.slug() + ".png";
                    final Optional<byte[]> chart = new Chart(results, servers).draw(kind, regime);
                    if (chart.isPresent()) {
                        names.put(kind.title() + ", " + regime.title(), file);
                        drawn.put(file, chart.get());
                    }
                }
            }
        } catch (final IOException | RuntimeException | LinkageError e) {
            say.accept("no charts: " + e.getMessage() + "; a JVM draws with fontconfig and a font (apt-get install fontconfig "
                + "fonts-dejavu-core)");
            return Map.of();
        }
        contents.putAll(drawn);
        return names;
    }
}
