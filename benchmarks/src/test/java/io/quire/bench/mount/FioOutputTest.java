package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Map;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is taken from fio's answer; the numbers are those of comparison.md. */
class FioOutputTest {
    private static final String IDLE = "{\"total_ios\": 0, \"lat_ns\": {\"mean\": 0.0, \"N\": 0}}";

    @Test
    @DisplayName("P3: the time of an operation is the mean latency, whatever fio prints before its JSON")
    void oneJob() throws IOException {
        final String text = "note: both iodepth >= 1 and synchronous I/O engine\n" + jobs(job("0", done(100, 12_500.5), IDLE, 0, 0));
        assertThat(FioOutput.nanosPerOperation(text)).isCloseTo(12_500.5, within(1e-6));
    }

    @Test
    @DisplayName("P3: flushing is part of what writing takes")
    void flushes() throws IOException {
        assertThat(FioOutput.nanosPerOperation(jobs(job("0", IDLE, done(100, 1000), 1, 50_000)))).isCloseTo(1500, within(1e-6));
    }

    @Test
    @DisplayName("P3: jobs at once share the time: two that take 10 and 40 give one operation each 8")
    void jobsAtOnce() throws IOException {
        assertThat(FioOutput.nanosPerOperation(jobs(job("0", done(10, 10), IDLE, 0, 0) + "," + job("0", done(10, 40), IDLE, 0, 0))))
            .isCloseTo(8, within(1e-9));
    }

    @Test
    @DisplayName("P6: an answer that is an error, empty, cut or something else is a failure, not a figure")
    void failures() {
        for (final String text : new String[] {jobs(job("22", done(10, 10), IDLE, 0, 0)), jobs(job("0", IDLE, IDLE, 0, 0)), "", "{\"jobs\": [",
            "{\"jobs\": [{}]}", "{\"jobs\": 7}"}) {
            assertThatThrownBy(() -> FioOutput.nanosPerOperation(text)).as(text).isInstanceOf(IOException.class);
        }
    }

    @Test
    @DisplayName("P3: of one fio for several servers each has its own figures, and one that failed has none")
    void inTurn() throws IOException {
        final String text = jobs(job("0", done(10, 10), IDLE, 0, 0).replace("row", "bare") + "," + job("5", IDLE, done(3, 7), 0, 0) + ","
            + job("0", IDLE, IDLE, 0, 0).replace("row", "idle") + "," + job("0", IDLE, done(10, 40), 0, 0).replace("row", "bindfs") + ","
            + job("0", IDLE, done(10, 40), 0, 0).replace("row", "bindfs"));
        // A fifth of 180 ms, by each job.
        assertThat(FioOutput.jobs(text)).isEqualTo(Map.of("bare", new FioOutput.Job(10, 10, 36e6), "bindfs", new FioOutput.Job(20, 20, 72e6)));
    }

    private static String jobs(final String jobs) {
        return "{\"fio version\": \"fio-3.33\", \"jobs\": [" + jobs + "]}";
    }

    private static String job(final String error, final String read, final String write, final int flushes, final double flushNanos) {
        return "{\"jobname\": \"row\", \"error\": " + error + ", \"usr_cpu\": 5.0, \"sys_cpu\": 15.0, \"job_runtime\": 180, \"read\": " + read + ", \"write\": " + write + ", \"sync\": {\"total_ios\": 0, \"lat_ns\": {\"mean\": "
            + flushNanos + ", \"N\": " + flushes + "}}}";
    }

    private static String done(final int count, final double nanos) {
        return "{\"total_ios\": " + count + ", \"lat_ns\": {\"min\": 1, \"mean\": " + nanos + ", \"N\": " + count + "}}";
    }
}
