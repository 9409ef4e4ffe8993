package io.quire.bench.mount;

/**
 * How much is done.
 *
 * @param repetitions   how often each row is measured on each server
 * @param fileBytes     size of the file that is read and written
 * @param workMillis    how long fio works for one row of one server in one repetition, pass after pass over the file
 * @param targetMillis  the same for rows that a target is about
 * @param files         files that are created, looked at, listed, renamed and unlinked; a fifth of it but in the first place and regime
 * @param treeFiles     files of the tree that is unpacked and looked at by git; two fifths of it on a disk
 * @param transactions  SQLite transactions
 * @param slowBytes     size of the file on the slow source
 * @param delayMicros   how long the slow source takes for a read
 * @param pieceMicros   what it takes in addition for each MiB
 * @param warmUpMillis  how long each kind of request warms up
 * @param budgetSeconds after this no further row is begun; 0 for no limit
 * @param limitSeconds  after this a client of a mount hangs: ten times what the slowest takes
 */
record Scale(int repetitions, long fileBytes, int workMillis, int targetMillis, int files, int treeFiles, int transactions, long slowBytes, int delayMicros,
    int pieceMicros, int warmUpMillis, int budgetSeconds, int limitSeconds) {

    private static final int DELAY_MICROS = 5000;
    /** A line of 100 MiB/s, which is a little less than a gigabit. */
    private static final int PIECE_MICROS = 10_000;
    /** fio looks only ten times a second whether a job has begun and has ended, so this takes as long as a moment. */
    private static final int WORK_MILLIS = 80;
    /**
     * A file whose kernel pages are dropped gets other pages. Those of a large one are pages that nobody had for a while, and in a virtual machine the
     * host has taken such pages back: each costs several microseconds then, of whichever server happens to be asked.
     */
    private static final long FILE_BYTES = 32L << 20;

    /** The whole comparison, within 30 minutes on a quiet machine with two processors. */
    static Scale full() {
        return new Scale(5, FILE_BYTES, WORK_MILLIS, 380, 20_000, 3000, 200, 16L << 20, DELAY_MICROS, PIECE_MICROS, 2000, 1760, 300);
    }

    /** Fewer and smaller, within 8 minutes. */
    static Scale quick() {
        return new Scale(5, FILE_BYTES, WORK_MILLIS, 380, 1000, 500, 50, 16L << 20, DELAY_MICROS, PIECE_MICROS, 1500, 450, 60);
    }

    /** For tests: whether it works, not how fast it is. */
    static Scale tiny() {
        return new Scale(3, 1L << 20, 20, 20, 50, 30, 5, 1L << 20, 1000, 1000, 50, 0, 60);
    }

    Scale withRepetitions(final int count) {
        return new Scale(count, fileBytes, workMillis, targetMillis, files, treeFiles, transactions, slowBytes, delayMicros, pieceMicros,
            warmUpMillis, budgetSeconds, limitSeconds);
    }

    int treeFiles(final Place.Kind kind) {
        return kind == Place.Kind.DISK ? Math.max(1, treeFiles * 2 / 5) : treeFiles;
    }

    /** The archives that all servers get copies of, while they are made, and logs, bytes. */
    long sharedBytes(final Place.Kind kind) {
        return (4L * treeFiles(kind) * (12 << 10)) + (4 << 20);
    }

    /** What one server leaves in the source there, at most, bytes. */
    long bytesPerServer(final Place.Kind kind) {
        return kind == Place.Kind.SLOW ? 2 * slowBytes
            : 2 * fileBytes + (2L * files + 3L * treeFiles(kind)) * (12 << 10);
    }
}
