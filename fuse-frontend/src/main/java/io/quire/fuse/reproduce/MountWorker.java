package io.quire.fuse.reproduce;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The process that runs the cases on a mount, and may hang there. It is told what to do on its standard input and tells
 * what came of it on its standard output, line by line:
 *
 * <pre>
 *   it says                        and then
 *   ready                          waits for "run N"
 *   doing WHAT                     goes on; what it is at, for the case that nothing more comes
 *   drop                           waits for "dropped": the daemon's cache is to be dropped
 *   end CASE KIND NANOS DETAIL     goes on; CASE is a number into {@link WriteCase#all}, DETAIL is in hexadecimal
 *   done                           the run is over; waits for "run N"
 *   failed SENTENCE                ends
 * </pre>
 *
 * <p>It ends as soon as its standard input does, in the middle of a run too. Its files have no names, so they go with it.
 */
public final class MountWorker {
    /** The exit status when nobody is left to tell what to do. */
    static final int ABANDONED = 3;

    private static final String FILE_NAME = ".quire-reproduce-";

    private final byte[] directory;
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    /** Held while a file has a name. */
    private final Object naming = new Object();
    private final PrintStream out;
    private final List<WriteCase> cases = WriteCase.all();
    private final Map<WriteCase, KernelFile> files = new HashMap<>();

    private MountWorker(final byte[] directory, final PrintStream out) {
        this.directory = directory;
        this.out = out;
    }

    /**
     * Runs the worker.
     *
     * @param arguments the directory on the mount, its bytes in hexadecimal
     */
    public static void main(final String[] arguments) {
        // By this name the watchdog finds what hangs.
        Thread.ofPlatform().name(CaseRunner.THREAD_NAME + "-main").start(() -> work(arguments));
    }

    private static void work(final String[] arguments) {
        final PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        try (CaseRunner runner = new CaseRunner()) {
            final MountWorker worker = new MountWorker(HexFormat.of().parseHex(arguments[0]), out);
            Thread.ofPlatform().daemon().name("quire-listen").start(worker::listen);
            worker.serve(runner);
        } catch (final IOException e) {
            out.println("failed " + e.getMessage());
        } catch (final InterruptedException e) {
            out.println("failed interrupted");
        }
    }

    /** What is told goes to the queue; the end of it ends the process, whatever that is at. */
    private void listen() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                told.add(line);
            }
        } catch (final IOException e) {
            out.println("failed " + e.getMessage());
        }
        synchronized (naming) {
            Runtime.getRuntime().halt(ABANDONED);
        }
    }

    private void serve(final CaseRunner runner) throws IOException, InterruptedException {
        out.println("doing making the files");
        for (final WriteCase tried : cases) {
            final WriteCase key = key(tried);
            if (!files.containsKey(key)) {
                synchronized (naming) {
                    files.put(key, KernelFile.create(directory, FILE_NAME + ProcessHandle.current().pid() + "-"
                        + files.size(), key.fileLength() + 4095 & -4096));
                }
            }
        }
        out.println("ready");
        while (true) {
            run(runner, Integer.parseInt(told.take().substring("run ".length())));
            out.println("done");
        }
    }

    /** The cold cases' files are all written before the one drop that they share: a drop is what takes longest. */
    private void run(final CaseRunner runner, final int run) throws IOException, InterruptedException {
        out.println("doing writing the files of the cold cases");
        final List<Expected> contents = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            contents.add(cases.get(i).cold() ? CaseRunner.prepare(cases.get(i), file(i), run * cases.size() + i) : null);
        }
        out.println("drop");
        told.take();
        for (int i = 0; i < cases.size(); i++) {
            out.println("doing " + cases.get(i));
            Outcome outcome;
            try {
                final Expected content = contents.get(i) != null ? contents.get(i)
                    : CaseRunner.prepare(cases.get(i), file(i), run * cases.size() + i);
                outcome = runner.run(cases.get(i), file(i), content);
            } catch (final IOException e) {
                outcome = Outcome.failed(e.getMessage());
            }
            out.println("end " + i + " " + outcome.kind() + " " + outcome.nanos() + " "
                + HexFormat.of().formatHex(outcome.detail().getBytes(StandardCharsets.UTF_8)));
        }
    }

    private KernelFile file(final int number) {
        return files.get(key(cases.get(number)));
    }

    /** A cold case and its warm twin share a file. */
    private static WriteCase key(final WriteCase tried) {
        return new WriteCase(tried.load(), tried.relation(), tried.start(), tried.boundaries(), true);
    }
}
