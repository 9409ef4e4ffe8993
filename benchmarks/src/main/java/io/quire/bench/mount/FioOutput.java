package io.quire.bench.mount;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.quire.bench.report.Json;

/** What fio reports in JSON. */
final class FioOutput {
    private FioOutput() {
    }

    /**
     * What jobs of one name did.
     *
     * @param nanos       the time of an operation as the callers see it: the mean latency with what flushing took, divided among the jobs that
     *                    ran at once. (fio's rates are of whole milliseconds.)
     * @param operations  how many there were
     * @param clientNanos processor time that the callers used for all of them, and for dropping the kernel's pages before each pass
     */
    record Job(double nanos, double operations, double clientNanos) {
    }

    /** The time of an operation of all jobs together. */
    static double nanosPerOperation(final String text) throws IOException {
        final List<Sums> jobs = List.copyOf(read(text).values());
        final Sums all = new Sums();
        jobs.forEach(all::add);
        return all.job().nanos();
    }

    /** Jobs by their name; those that failed are not there. */
    static Map<String, Job> jobs(final String text) throws IOException {
        final Map<String, Job> jobs = new LinkedHashMap<>();
        for (final Map.Entry<String, Sums> each : read(text).entrySet()) {
            if (each.getValue().isDone()) {
                jobs.put(each.getKey(), each.getValue().job());
            }
        }
        return jobs;
    }

    private static Map<String, Sums> read(final String text) throws IOException {
        final Map<String, Sums> sums = new LinkedHashMap<>();
        try {
            for (final Object each : list(map(Json.parse(text)).get("jobs"))) {
                final Map<?, ?> job = map(each);
                sums.computeIfAbsent((String) job.get("jobname"), name -> new Sums()).add(job);
            }
        } catch (final IllegalArgumentException | ClassCastException | NullPointerException e) {
            throw new IOException("fio's answer is not understood: " + e.getMessage(), e);
        }
        return sums;
    }

    /** What is added up over jobs that run at once. */
    private static final class Sums {
        private int error;
        private double rate;
        private double operations;
        private double clientNanos;

        void add(final Sums other) {
            error = Math.max(error, other.error);
            rate += other.rate;
            operations += other.operations;
            clientNanos += other.clientNanos;
        }

        void add(final Map<?, ?> job) {
            error = Math.max(error, (int) number(job.get("error")));
            double count = 0;
            double nanos = 0;
            for (final String direction : List.of("read", "write")) {
                final Map<?, ?> done = map(job.get(direction));
                final double ios = number(done.get("total_ios"));
                count += ios;
                nanos += ios * number(map(done.get("lat_ns")).get("mean"));
            }
            final Map<?, ?> flushed = map(map(job.get("sync")).get("lat_ns"));
            nanos += number(flushed.get("N")) * number(flushed.get("mean"));
            operations += count;
            rate += count == 0 ? 0 : count / nanos;
            // Both in percent of the time that the job ran.
            clientNanos += (number(job.get("usr_cpu")) + number(job.get("sys_cpu"))) / 100 * number(job.get("job_runtime")) * 1e6;
        }

        boolean isDone() {
            return error == 0 && rate > 0;
        }

        Job job() throws IOException {
            if (error != 0) {
                throw new IOException("fio ended with error " + error);
            }
            if (rate == 0) {
                throw new IOException("fio did nothing");
            }
            return new Job(1 / rate, operations, clientNanos);
        }
    }

    private static Map<?, ?> map(final Object value) {
        return (Map<?, ?>) value;
    }

    private static List<?> list(final Object value) {
        return (List<?>) value;
    }

    private static double number(final Object value) {
        return (Double) value;
    }
}
