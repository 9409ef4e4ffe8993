package io.quire.bench.mount;

import java.io.IOException;
import java.util.List;
import java.util.Map;

import io.quire.bench.report.Json;

/** What fio reports in JSON. */
final class FioOutput {
    private FioOutput() {
    }

    /**
     * The time of an operation as the callers see it: the mean latency with what flushing took, divided among the jobs that ran at once. (fio's
     * rates are of whole milliseconds.)
     */
    static double nanosPerOperation(final String text) throws IOException {
        double rate = 0;
        try {
            for (final Object job : list(map(Json.parse(text)).get("jobs"))) {
                rate += rate(map(job));
            }
        } catch (final IllegalArgumentException | ClassCastException | NullPointerException e) {
            throw new IOException("fio's answer is not understood: " + e.getMessage(), e);
        }
        if (rate == 0) {
            throw new IOException("fio did nothing");
        }
        return 1 / rate;
    }

    private static double rate(final Map<?, ?> job) throws IOException {
        if (number(job.get("error")) != 0) {
            throw new IOException("fio ended with error " + (int) number(job.get("error")));
        }
        double operations = 0;
        double nanos = 0;
        for (final String direction : List.of("read", "write")) {
            final Map<?, ?> done = map(job.get(direction));
            final double count = number(done.get("total_ios"));
            operations += count;
            nanos += count * number(map(done.get("lat_ns")).get("mean"));
        }
        final Map<?, ?> flushed = map(map(job.get("sync")).get("lat_ns"));
        nanos += number(flushed.get("N")) * number(flushed.get("mean"));
        return operations == 0 ? 0 : operations / nanos;
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
