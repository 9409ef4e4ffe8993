package io.quire.fuse.command;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes a file in blocks of 64 KiB at given positions, one call after the other (what fio calls psync), and says how
 * fast that was.
 */
final class WriteMeasurement implements AutoCloseable {
    static final int BLOCK = 64 << 10;
    private static final int BLOCKS = 512;

    private final FileChannel file;
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    private final List<Double> rates = new ArrayList<>();

    /** The order of the blocks. */
    enum Order {
        /** First to last. */
        SEQUENTIAL,
        /** Each once, shuffled. */
        RANDOM
    }

    /** Makes the file, so that every run that counts overwrites. */
    WriteMeasurement(final Path path) throws IOException {
        this.file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
            StandardOpenOption.READ);
        final SplittableRandom random = new SplittableRandom(64);
        while (block.hasRemaining()) {
            block.putLong(random.nextLong());
        }
        pass(Order.SEQUENTIAL, 0);
    }

    /** Writes the whole file once and keeps the rate. */
    void run(final Order order, final int seed) throws IOException {
        rates.add(pass(order, seed));
    }

    /** The median of the rates kept since the last call, in MiB per second. */
    double takeMedian() {
        final List<Double> sorted = rates.stream().sorted().toList();
        rates.clear();
        return sorted.get(sorted.size() / 2);
    }

    private double pass(final Order order, final int seed) throws IOException {
        final int[] blocks = new int[BLOCKS];
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < BLOCKS; i++) {
            final int other = order == Order.RANDOM ? random.nextInt(i + 1) : i;
            blocks[i] = blocks[other];
            blocks[other] = i;
        }
        final long start = System.nanoTime();
        for (final int index : blocks) {
            block.clear();
            long position = (long) index * BLOCK;
            while (block.hasRemaining()) {
                position += file.write(block, position);
            }
        }
        return (double) BLOCKS * BLOCK / (1 << 20) / ((System.nanoTime() - start) / 1e9);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
