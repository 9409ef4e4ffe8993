package io.quire.fuse.reproduce;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Looks after a process that may get stuck in the kernel: each of its lines must come within the limit. A thread that waits
 * for a filesystem cannot be ended, not even by SIGKILL, before the filesystem answers or its connection is cut; so nothing
 * here waits for that process without a limit, and it shares no descriptor with this one but its pipes.
 *
 * <p>Used by one thread.
 */
public final class Watchdog implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Watchdog.class.getName());
    private static final long END_SECONDS = 2;
    private static final long START_MILLIS = 60_000;
    private static final int MAX_ERROR = 2000;
    private static final String END = new String("end of output");

    private final Process process;
    private final String threads;
    private final long limitMillis;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final StringBuffer errors = new StringBuffer();
    private final Thread errorReader;
    private String doing = "starting";
    private long silentMillis;

    /**
     * Looks after a process that was just started.
     *
     * @param process     it, with pipes as its standard streams
     * @param threads     how the names of the threads begin that are shown when it hangs
     * @param limitMillis how long it may be silent
     */
    public Watchdog(final Process process, final String threads, final long limitMillis) {
        this.process = process;
        this.threads = threads;
        this.limitMillis = limitMillis;
        Thread.ofPlatform().daemon().name("quire-watch-out").start(() -> drain(process.getInputStream(), lines::add, true));
        errorReader = Thread.ofPlatform().daemon().name("quire-watch-err").start(() -> drain(process.getErrorStream(), line -> {
            if (errors.length() < MAX_ERROR) {
                errors.append(errors.isEmpty() ? "" : "; ").append(line.strip());
            }
        }, false));
    }

    /**
     * Starts a {@link MountWorker} and looks after it.
     *
     * @param directory   where on the mount its files go
     * @param limitMillis how long a case may take
     * @return the watchdog
     * @throws IOException when it cannot be started
     */
    public static Watchdog overMountWorker(final byte[] directory, final long limitMillis) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MountWorker.class.getName(),
            HexFormat.of().formatHex(directory)));
        // Not in this directory: what hangs must not keep it busy.
        return new Watchdog(new ProcessBuilder(command).directory(new File("/")).start(), CaseRunner.THREAD_NAME,
            limitMillis);
    }

    private void drain(final InputStream from, final Consumer<String> sink, final boolean tellEnd) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(from, StandardCharsets.ISO_8859_1))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                sink.accept(line);
            }
        } catch (final IOException e) {
            sink.accept("its output cannot be read: " + e.getMessage());
        } finally {
            if (tellEnd) {
                lines.add(END);
            }
        }
    }

    /**
     * The next line that is not only about what the process is doing.
     *
     * @return the line, or null when none came within the limit: the process hangs
     * @throws IOException when the process has ended, with what it said
     */
    public String next() throws IOException {
        return next(limitMillis);
    }

    /**
     * The first line, for which there is a minute at least: a busy machine takes its time to start a process.
     *
     * @return as {@link #next()}
     * @throws IOException as {@link #next()}
     */
    public String first() throws IOException {
        return next(Math.max(START_MILLIS, limitMillis));
    }

    private String next(final long millis) throws IOException {
        try {
            while (true) {
                final String line = lines.poll(millis, TimeUnit.MILLISECONDS);
                if (line == null) {
                    silentMillis = millis;
                    return null;
                }
                if (line == END) {
                    throw new IOException(howItEnded());
                }
                if (line.startsWith("failed ")) {
                    throw new IOException(line.substring("failed ".length()));
                }
                if (!line.startsWith("doing ")) {
                    return line;
                }
                doing = line.substring("doing ".length());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + doing, e);
        }
    }

    private String howItEnded() throws InterruptedException {
        final boolean ended = process.waitFor(END_SECONDS, TimeUnit.SECONDS);
        errorReader.join(TimeUnit.SECONDS.toMillis(END_SECONDS));
        return "the process that writes ended with status " + (ended ? process.exitValue() : "unknown") + " while " + doing
            + (errors.isEmpty() ? "" : ": " + errors);
    }

    /**
     * Tells the process something. Never blocks: the process reads whenever it waits, and a line fits into the pipe.
     *
     * @param line without its end
     * @throws IOException when the process has ended
     */
    public void tell(final String line) throws IOException {
        final OutputStream to = process.getOutputStream();
        to.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        to.flush();
    }

    /**
     * Says where the process hangs, for the user.
     *
     * @return what it was doing, and where its threads are in the kernel
     */
    public String whereItHangs() {
        return "hung: nothing for " + silentMillis / 1000.0 + " s from process " + process.pid() + " while " + doing + "\n"
            + KernelStacks.of(process.pid(), threads);
    }

    /**
     * Ends the process. One that is stuck in the kernel ends by itself as soon as the filesystem lets it go.
     *
     * @return whether it has ended
     */
    public boolean end() {
        try {
            // Ends the worker by itself, when none of its files has a name.
            process.getOutputStream().close();
            if (process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                return true;
            }
        } catch (final IOException closed) {
            LOG.log(System.Logger.Level.DEBUG, "it has ended before", closed);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        try {
            return process.waitFor(END_SECONDS, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    @Override
    public void close() {
        end();
    }
}
