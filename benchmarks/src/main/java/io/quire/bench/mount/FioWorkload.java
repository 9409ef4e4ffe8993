package io.quire.bench.mount;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * fio over a file, pass after pass, for a fixed time. Before each pass it drops the file's kernel pages, which is its default, so every request
 * reaches the server, but for what the kernel reads ahead and what is written through a mapping.
 */
final class FioWorkload implements Workload {
    static final String FILE = "data";
    /** The other one is calibrated at each start, which takes longer than many a run. */
    static final String CLOCK = "--clocksource=clock_gettime";
    /** In the title of a row whose kernel pages are kept. */
    static final String KEPT = ", kernel pages kept";
    private static final String FOR_RECORDING = "recording: ";
    /** What fio takes for its own start and end. */
    static final double OVERHEAD_SECONDS = 0.12;
    private static final int CHUNK = 1 << 20;
    private static final int JOBS = 4;
    /** One pass through a mapping, with the flush at its end, goes over this part of the file. */
    private static final int MAPPED_PART = 4;
    /** More passes than there is time for. */
    private static final int PASSES = 10_000;

    private final String title;
    private final String pattern;
    private final long blockBytes;
    private final int jobs;
    private final List<String> options;

    private FioWorkload(final String title, final String pattern, final long blockBytes, final int jobs, final List<String> options) {
        this.title = title;
        this.pattern = pattern;
        this.blockBytes = blockBytes;
        this.jobs = jobs;
        this.options = options;
    }

    private static String title(final String pattern, final long blockBytes) {
        final String size = blockBytes >= 1 << 20 ? (blockBytes >> 20) + " MiB" : (blockBytes >> 10) + " KiB";
        return (pattern.endsWith("read") ? "read " : "write ") + size + (pattern.startsWith("rand") ? " random" : " sequential");
    }

    /** One caller, {@code pread} or {@code pwrite}. */
    static FioWorkload psync(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes), pattern, blockBytes, 1, List.of("--ioengine=psync"));
    }

    /** The same, and the kernel keeps the pages that it has of the file. */
    static FioWorkload kept(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes) + KEPT, pattern, blockBytes, 1, List.of("--ioengine=psync", "--invalidate=0"));
    }

    /** Four callers with a file each. */
    static FioWorkload fourJobs(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes) + ", 4 jobs", pattern, blockBytes, JOBS, List.of("--ioengine=psync"));
    }

    /** Without the kernel's pages; what the server does with the flag is its own affair. */
    static FioWorkload direct(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes) + ", O_DIRECT", pattern, blockBytes, 1, List.of("--ioengine=psync", "--direct=1"));
    }

    /** Loads or stores; what was stored is flushed by msync, once, and that counts. */
    static FioWorkload mapped(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes) + ", mmap", pattern, blockBytes, 1, List.of("--ioengine=mmap"));
    }

    /** The same with a title that says what it is for. */
    FioWorkload forRecording() {
        return new FioWorkload(FOR_RECORDING + title, pattern, blockBytes, jobs, options);
    }

    static boolean isForRecording(final Row row) {
        return row.title().startsWith(FOR_RECORDING);
    }

    @Override
    public List<Row> rows() {
        return List.of(Row.ofBlocks(title, blockBytes));
    }

    @Override
    public Optional<String> program() {
        return Optional.of("fio");
    }

    @Override
    public double seconds(final Scale scale, final Place.Kind kind) {
        return OVERHEAD_SECONDS + (isMapped() ? fileBytes(scale, kind) / 4096 * 20e-6 : scale.workMillis() / 1e3);
    }

    private boolean isMapped() {
        return options.contains("--ioengine=mmap");
    }

    /** What a job goes over. */
    private long fileBytes(final Scale scale, final Place.Kind kind) {
        return scale.fileBytes(kind) / (isMapped() ? MAPPED_PART : jobs);
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException {
        if (jobs == 1) {
            make(target.backing().resolve(FILE), bench.scale().fileBytes(target.kind()));
        } else {
            for (int job = 0; job < jobs; job++) {
                make(target.backing().resolve(FILE + "." + job), fileBytes(bench.scale(), target.kind()));
            }
        }
    }

    /** Makes a file of bytes that do not compress, unless it is there. */
    static void make(final Path file, final long bytes) throws IOException {
        if (Files.exists(file) && Files.size(file) == bytes) {
            return;
        }
        final byte[] chunk = new byte[CHUNK];
        new SplittableRandom(bytes).nextBytes(chunk);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long done = 0; done < bytes; done += CHUNK) {
                out.write(chunk, 0, (int) Math.min(CHUNK, bytes - done));
            }
        }
    }

    @Override
    public List<Double> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final long bytes = fileBytes(bench.scale(), target.kind());
        final List<String> words = new ArrayList<>(List.of("fio", "--name=row", "--thread", "--output-format=json",
            CLOCK, "--allow_file_create=0", "--fallocate=none", "--rw=" + pattern, "--bs=" + blockBytes,
            "--size=" + bytes, "--randseed=" + (repetition + 1), "--numjobs=" + jobs, "--directory=" + target.directory()));
        words.add(jobs == 1 ? "--filename=" + FILE : "--filename_format=" + FILE + ".$jobnum");
        words.addAll(options);
        if (!isMapped()) {
            words.addAll(List.of("--loops=" + PASSES, "--runtime=" + bench.scale().workMillis() + "ms"));
        } else if (pattern.endsWith("write")) {
            // Behind the last operation of the only pass, so that what was stored is flushed within the time.
            words.add("--fsync=" + bytes / blockBytes);
        }
        return List.of(FioOutput.nanosPerOperation(bench.client(regime).add(words).succeed().output()));
    }
}
