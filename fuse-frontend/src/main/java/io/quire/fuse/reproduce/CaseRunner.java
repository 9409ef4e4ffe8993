package io.quire.fuse.reproduce;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import io.quire.engine.store.Errno;

/**
 * Runs cases on files and says whether the bytes are right afterwards. Its threads are named {@value #THREAD_NAME}-N, so
 * that the watchdog finds them. Used by one thread.
 */
final class CaseRunner implements AutoCloseable {
    /** Beginning of the threads' names, short enough for the kernel to show them whole. */
    static final String THREAD_NAME = "quire-case";

    private static final int RACING_WRITES = 4;
    private static final int RACING_BYTES = 32 << 10;
    private static final long REPORT_LIMIT_NANOS = 1_000_000_000L;

    private final ExecutorService threads;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment read;

    CaseRunner() {
        final AtomicInteger number = new AtomicInteger();
        threads = Executors.newCachedThreadPool(task -> Thread.ofPlatform().daemon()
            .name(THREAD_NAME + "-" + number.getAndIncrement()).unstarted(task));
        read = arena.allocate(1 + WriteCase.all().stream().mapToInt(WriteCase::fileLength).max().orElseThrow());
    }

    /** Gives a case's file its content, which is then {@code expected} of {@link #run}. */
    static Expected prepare(final WriteCase tried, final CaseFile file, final int seed) throws IOException {
        final Expected content = Expected.content(tried.fileLength(), seed);
        file.fill(content.bytes());
        return content;
    }

    /** Carries a prepared case out. Returns when it has ended, however long that takes. */
    Outcome run(final WriteCase tried, final CaseFile file, final Expected expected) throws IOException {
        if (tried.cold()) {
            file.cool();
        } else {
            file.warm();
        }
        final List<Writer> writers = new ArrayList<>();
        final boolean racing = tried.load() != WriteCase.Load.SINGLE;
        for (int thread = 0; thread < tried.writers(); thread++) {
            writers.add(new Writer(file, tried.pieces(thread), tried.offset(thread), racing ? racingWrites(tried) : 1,
                tried.load() == WriteCase.Load.TRUNCATED));
        }
        final List<Callable<Void>> tasks = new ArrayList<>(writers);
        if (tried.load() == WriteCase.Load.TRUNCATED) {
            tasks.add(() -> truncate(tried, file, expected.length()));
        }
        final long start = System.nanoTime();
        runAll(tasks);
        final long nanos = System.nanoTime() - start;
        return judge(tried, file, expected, writers, nanos);
    }

    /** Long writes overlap for long enough. */
    private static int racingWrites(final WriteCase tried) {
        return Math.max(1, Math.min(RACING_WRITES, RACING_BYTES / tried.length()));
    }

    private Outcome judge(final WriteCase tried, final CaseFile file, final Expected expected, final List<Writer> writers,
        final long nanos) throws IOException {
        String report = null;
        for (final Writer writer : writers) {
            if (writer.failure != null) {
                return Outcome.failed(writer.failure);
            }
            report = report == null ? writer.report : report;
        }
        final boolean reported = report != null;
        if (reported && nanos > REPORT_LIMIT_NANOS * writers.size()) {
            return Outcome.failed("reported after " + nanos / 1_000_000 + " ms only:\n" + report);
        }
        for (int thread = 0; thread < writers.size(); thread++) {
            expected.write(tried.pieces(thread), tried.offset(thread));
        }
        final String wrong = difference(tried, file, expected, reported);
        if (wrong != null) {
            return Outcome.wrong(wrong);
        }
        // What is cached may be right and what is stored wrong.
        file.cool();
        final String stored = difference(tried, file, expected, reported);
        if (stored != null) {
            return Outcome.wrong("after the cached pages were dropped, " + stored);
        }
        if (!reported) {
            return Outcome.right(nanos);
        }
        final String unusable = usable(file, expected.length());
        return unusable == null ? new Outcome(Outcome.Kind.REPORTED, report, nanos)
            : Outcome.wrong("after a reported deadlock, " + unusable);
    }

    private String difference(final WriteCase tried, final CaseFile file, final Expected expected, final boolean reported)
        throws IOException {
        final MemorySegment found = read.asSlice(0, file.read(read));
        final boolean truncated = tried.load() == WriteCase.Load.TRUNCATED;
        return reported || truncated || tried.load() == WriteCase.Load.OVERLAPPING
            ? expected.difference(found, tried, reported || truncated, truncated) : expected.difference(found);
    }

    /** Whether the file can be written and read as before, and what holds it is sound; null when all is well. */
    private String usable(final CaseFile file, final int length) throws IOException {
        final Expected again = Expected.content(length, length);
        file.fill(again.bytes());
        final String wrong = again.difference(read.asSlice(0, file.read(read)));
        if (wrong == null) {
            file.check();
        }
        return wrong;
    }

    private static Void truncate(final WriteCase tried, final CaseFile file, final int length) throws IOException {
        final long page = tried.offset(0) / 4096 * 4096;
        for (int i = 0; i < RACING_WRITES; i++) {
            // Into the page that the second piece comes from, and to its beginning: then that page is gone.
            file.truncate(i % 2 == 0 ? page + 9 : page);
            file.truncate(length);
        }
        return null;
    }

    private void runAll(final List<Callable<Void>> tasks) throws IOException {
        final CyclicBarrier together = new CyclicBarrier(tasks.size());
        final List<Future<Void>> running = new ArrayList<>();
        for (final Callable<Void> task : tasks) {
            running.add(threads.submit(() -> {
                together.await();
                return task.call();
            }));
        }
        for (final Future<Void> task : running) {
            try {
                task.get();
            } catch (final ExecutionException e) {
                throw new IOException(e.getCause().toString(), e.getCause());
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        arena.close();
    }

    /** Writes the same bytes some times over, and goes on where a write came short. */
    private static final class Writer implements Callable<Void> {
        private final CaseFile file;
        private final List<Piece> pieces;
        private final long offset;
        private final int repeats;
        private final boolean mayFault;
        private String failure;
        private String report;

        Writer(final CaseFile file, final List<Piece> pieces, final long offset, final int repeats, final boolean mayFault) {
            this.file = file;
            this.pieces = pieces;
            this.offset = offset;
            this.repeats = repeats;
            this.mayFault = mayFault;
        }

        @Override
        public Void call() {
            for (int i = 0; i < repeats && failure == null; i++) {
                writeOnce();
            }
            return null;
        }

        private void writeOnce() {
            final int length = pieces.stream().mapToInt(Piece::length).sum();
            int done = 0;
            while (done < length) {
                final CaseFile.Attempt attempt = file.write(from(done), offset + done);
                if (attempt.result() > 0) {
                    done += (int) attempt.result();
                    continue;
                }
                if (attempt.result() == -Errno.EDEADLK) {
                    report = report == null ? attempt.report() : report;
                } else if (!mayFault || attempt.result() != -Errno.EFAULT) {
                    // A source beyond the end of the file is EFAULT; nothing else may fail.
                    failure = "writing " + (length - done) + " bytes at " + (offset + done) + ": "
                        + (attempt.result() == 0 ? "wrote nothing" : Errno.name((int) -attempt.result()));
                }
                return;
            }
        }

        /** The pieces without their first bytes. */
        private List<Piece> from(final int done) {
            if (done == 0) {
                return pieces;
            }
            final List<Piece> rest = new ArrayList<>();
            int skip = done;
            for (final Piece piece : pieces) {
                if (skip < piece.length()) {
                    rest.add(new Piece(piece.at() + skip, piece.length() - skip));
                }
                skip = Math.max(0, skip - piece.length());
            }
            return rest;
        }
    }
}
