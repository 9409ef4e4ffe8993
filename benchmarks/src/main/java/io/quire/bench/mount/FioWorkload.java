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
 * fio over a whole file once. It drops the file's kernel pages first, which is its default, so every request reaches the server, but for
 * what the kernel reads ahead and what is written through a mapping.
 */
final class FioWorkload implements Workload {
    static final String FILE = "data";
    /** The other one is calibrated at each start, which takes longer than many a run. */
    static final String CLOCK = "--clocksource=clock_gettime";
    private static final int CHUNK = 1 << 20;

    private final Row row;
    private final String pattern;
    private final long blockBytes;
    private final int jobs;
    private final List<String> options;

    private FioWorkload(final String title, final String pattern, final long blockBytes, final int jobs, final List<String> options) {
        this.row = Row.ofBlocks(title, blockBytes);
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
    static Workload psync(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes), pattern, blockBytes, 1, List.of("--ioengine=psync"));
    }

    /** Four callers with a file each. */
    static Workload fourJobs(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes) + ", 4 jobs", pattern, blockBytes, 4, List.of("--ioengine=psync"));
    }

    /** Without the kernel's pages; what the server does with the flag is its own affair. */
    static Workload direct(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes) + ", O_DIRECT", pattern, blockBytes, 1, List.of("--ioengine=psync", "--direct=1"));
    }

    /** Loads or stores; what was stored is flushed by msync, once, and that counts. */
    static Workload mapped(final String pattern, final long blockBytes) {
        return new FioWorkload(title(pattern, blockBytes) + ", mmap", pattern, blockBytes, 1, List.of("--ioengine=mmap"));
    }

    @Override
    public List<Row> rows() {
        return List.of(row);
    }

    @Override
    public Optional<String> program() {
        return Optional.of("fio");
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException {
        if (jobs == 1) {
            make(target.backing().resolve(FILE), bench.scale().fileBytes());
        } else {
            for (int job = 0; job < jobs; job++) {
                make(target.backing().resolve(FILE + "." + job), bench.scale().fileBytes() / jobs);
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
        final List<String> words = new ArrayList<>(List.of("fio", "--name=row", "--thread", "--output-format=json",
            CLOCK, "--allow_file_create=0", "--fallocate=none", "--rw=" + pattern, "--bs=" + blockBytes,
            "--size=" + bench.scale().fileBytes() / jobs, "--randseed=" + (repetition + 1), "--numjobs=" + jobs,
            "--directory=" + target.directory()));
        words.add(jobs == 1 ? "--filename=" + FILE : "--filename_format=" + FILE + ".$jobnum");
        words.addAll(options);
        if (options.contains("--ioengine=mmap") && pattern.endsWith("write")) {
            words.add("--fsync=" + bench.scale().fileBytes() / jobs / blockBytes);
        }
        return List.of(FioOutput.nanosPerOperation(bench.client(regime).add(words).succeed().output()));
    }
}
