package io.quire.bench.mount;

/**
 * How much is done.
 *
 * @param repetitions  how often each row is measured on each server
 * @param fileBytes    size of the file that is read and written
 * @param files        files that are created, looked at, listed, renamed and unlinked
 * @param treeFiles    files of the tree that is unpacked and looked at by git
 * @param transactions SQLite transactions
 * @param slowBytes    size of the file on the slow source
 * @param delayMicros  how long the slow source takes for a request
 * @param warmUpPasses passes over the file before anything is measured
 * @param warmUpSeconds but no longer than this for one kind of request
 * @param budgetSeconds after this no further row is begun; 0 for no limit
 */
record Scale(int repetitions, long fileBytes, int files, int treeFiles, int transactions, long slowBytes, int delayMicros,
    int warmUpPasses, int warmUpSeconds, int budgetSeconds) {

    private static final int DELAY_MICROS = 5000;
    /** As many passes as a JVM needs until the path of a large write is compiled: measured, 60 over 32 MiB by 64 KiB. */
    private static final int WARM_UP_PASSES = 60;

    /** The whole comparison. */
    static Scale full() {
        return new Scale(5, 128L << 20, 20_000, 10_000, 500, 64L << 20, DELAY_MICROS, WARM_UP_PASSES, 20, 0);
    }

    /** Fewer and shorter, within 8 minutes on a quiet machine with two processors. */
    static Scale quick() {
        return new Scale(3, 32L << 20, 2000, 1000, 50, 16L << 20, DELAY_MICROS, WARM_UP_PASSES, 3, 440);
    }

    /** For tests: whether it works, not how fast it is. */
    static Scale tiny() {
        return new Scale(3, 1L << 20, 50, 30, 5, 1L << 20, 1000, 1, 1, 0);
    }

    Scale withRepetitions(final int count) {
        return new Scale(count, fileBytes, files, treeFiles, transactions, slowBytes, delayMicros, warmUpPasses, warmUpSeconds,
            budgetSeconds);
    }

    /** What one server leaves in the source, at most, bytes. */
    long bytesPerServer() {
        return 2 * fileBytes + (files + 4L * treeFiles) * (8 << 10) + (repetitions + 1) * slowBytes;
    }
}
