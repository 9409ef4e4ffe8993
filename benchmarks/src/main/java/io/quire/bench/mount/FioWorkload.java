package io.quire.bench.mount;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    /** What fio takes for its own start and end. */
    static final double OVERHEAD_SECONDS = 0.35;
    /** What one server adds to a turn, besides the work. */
    private static final double TURN_SECONDS = 0.17;
    private static final int CHUNK = 1 << 20;
    private static final int JOBS = 4;
    private static final String OF_JOBS = "--filename_format=" + FILE + ".$jobnum";
    /** One pass through a mapping, with the flush at its end, goes over this part of the file. */
    private static final int MAPPED_PART = 2;
    /** More passes than there is time for. */
    private static final int PASSES = 10_000;

    private final String title;
    private final String pattern;
    private final long blockBytes;
    private final int jobs;
    private final List<String> options;
    private final boolean longer;

    private FioWorkload(final String title, final String pattern, final long blockBytes, final int jobs, final List<String> options) {
        this(title, pattern, blockBytes, jobs, options, false);
    }

    private FioWorkload(final String title, final String pattern, final long blockBytes, final int jobs, final List<String> options,
        final boolean longer) {
        this.longer = longer;
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

    /** The same in longer cells: for a row that a target is about. */
    FioWorkload longer() {
        return new FioWorkload(title, pattern, blockBytes, jobs, options, true);
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
    public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
        return TURN_SECONDS + (isMapped() ? fileBytes(scale) / 4096 * 20e-6 : workMillis(scale) / 1e3);
    }

    @Override
    public double turnSeconds() {
        return OVERHEAD_SECONDS;
    }

    private int workMillis(final Scale scale) {
        return longer ? scale.targetMillis() : scale.workMillis();
    }

    private boolean isMapped() {
        return options.contains("--ioengine=mmap");
    }

    /** What a job goes over. */
    private long fileBytes(final Scale scale) {
        return scale.fileBytes() / (isMapped() ? MAPPED_PART : jobs);
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException {
        if (jobs == 1) {
            make(target.backing().resolve(FILE), bench.scale().fileBytes());
        } else {
            makeOfJobs(target, bench.scale());
        }
    }

    /**
     * Makes the files of several callers, unless they are there.
     *
     * @return what fio has to be told, so that each caller goes over its file
     */
    static List<String> makeOfJobs(final Target target, final Scale scale) throws IOException {
        final long bytes = scale.fileBytes() / JOBS;
        for (int job = 0; job < JOBS; job++) {
            make(target.backing().resolve(FILE + "." + job), bytes);
        }
        return List.of("--numjobs=" + JOBS, "--size=" + bytes, "--directory=" + target.directory(), OF_JOBS);
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
    public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final ProcessorTime before = ProcessorTime.of(target.mounted().pid());
        final FioOutput.Job job = FioOutput.jobs(command(List.of(target), bench, regime, repetition).succeed().output()).get(target.name());
        if (job == null) {
            throw new IOException("fio did nothing");
        }
        return List.of(sample(job, ProcessorTime.of(target.mounted().pid()).since(before)));
    }

    /** One fio for all: most of what it takes for a short run is its own start. A daemon has nothing to do while the others are asked. */
    @Override
    public Map<Target, List<Sample>> runInTurn(final List<Target> turn, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final Map<Target, ProcessorTime> before = new HashMap<>();
        for (final Target target : turn) {
            before.put(target, ProcessorTime.of(target.mounted().pid()));
        }
        final Map<String, FioOutput.Job> jobs = FioOutput.jobs(command(turn, bench, regime, repetition).run().output());
        final Map<Target, List<Sample>> samples = new HashMap<>();
        for (final Target target : turn) {
            if (jobs.containsKey(target.name())) {
                samples.put(target, List.of(sample(jobs.get(target.name()),
                    ProcessorTime.of(target.mounted().pid()).since(before.get(target)))));
            }
        }
        return samples;
    }

    private static Sample sample(final FioOutput.Job job, final long daemonNanos) {
        return new Sample(job.nanos(), (job.clientNanos() + daemonNanos) / job.operations());
    }

    private Command command(final List<Target> turn, final Bench bench, final Regime regime, final int repetition) {
        final long bytes = fileBytes(bench.scale());
        final Command command = bench.client(regime).add("fio", "--output-format=json", CLOCK, "--name=global", "--thread",
            "--allow_file_create=0", "--fallocate=none", "--rw=" + pattern, "--bs=" + blockBytes, "--size=" + bytes,
            "--randseed=" + (repetition + 1), "--numjobs=" + jobs).add(options);
        if (!isMapped()) {
            command.add("--loops=" + PASSES, "--runtime=" + workMillis(bench.scale()) + "ms");
        } else if (pattern.endsWith("write")) {
            // Behind the last operation of the only pass, so that what was stored is flushed within the time.
            command.add("--fsync=" + bytes / blockBytes);
        }
        for (final Target target : turn) {
            command.add("--name=" + target.name(), "--stonewall", "--directory=" + target.directory(),
                jobs == 1 ? "--filename=" + FILE : OF_JOBS);
        }
        return command;
    }
}
