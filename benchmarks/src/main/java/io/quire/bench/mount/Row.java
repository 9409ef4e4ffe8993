package io.quire.bench.mount;

import java.util.Locale;

/**
 * One line of the table. What is measured is always the time of an operation, so less is better; what is shown may be the throughput.
 *
 * @param title what is done, such as {@code write 64 KiB sequential}
 * @param unit  how it is shown
 * @param bytes bytes that an operation moves, 0 where nobody would ask
 */
record Row(String title, Unit unit, long bytes) {
    private static final double MIB = 1 << 20;

    /** How a time is shown. */
    enum Unit {
        /** Throughput of operations that are large. */
        MIB_PER_SECOND("MiB/s"),
        /** Time of operations that are small. */
        MICROSECONDS("us"),
        /** Time of whole programs. */
        MILLISECONDS("ms");

        private final String symbol;

        Unit(final String symbol) {
            this.symbol = symbol;
        }

        String symbol() {
            return symbol;
        }
    }

    /** A row of reads or writes: the time of small ones, the throughput of large ones. */
    static Row ofBlocks(final String title, final long bytes) {
        return new Row(title, bytes <= 4096 ? Unit.MICROSECONDS : Unit.MIB_PER_SECOND, bytes);
    }

    static Row ofFiles(final String title) {
        return new Row(title, Unit.MICROSECONDS, 0);
    }

    static Row ofProgram(final String title) {
        return new Row(title, Unit.MILLISECONDS, 0);
    }

    /** A time of an operation in the row's unit. */
    double shown(final double nanos) {
        return switch (unit) {
            case MIB_PER_SECOND -> bytes / MIB / (nanos / 1e9);
            case MICROSECONDS -> nanos / 1e3;
            case MILLISECONDS -> nanos / 1e6;
        };
    }

    /** A time of an operation in the row's unit, as text with three significant digits. */
    String text(final double nanos) {
        final double value = shown(nanos);
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }
}
