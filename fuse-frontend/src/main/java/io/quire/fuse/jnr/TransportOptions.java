package io.quire.fuse.jnr;

import java.util.List;
import java.util.Objects;

/**
 * How to mount. Immutable; start from {@link #defaults()} and change with the {@code with} methods.
 *
 * @param fsname        what the mount table shows as the source, any text without a line break
 * @param allowOther    whether users other than the one who mounts may use the mount
 * @param readOnly      whether the kernel refuses changes
 * @param bigWrites     whether the kernel may send writes of up to 1 MiB (128 KiB before Linux 4.20); otherwise every
 *                      buffered write comes in pieces of one page, for comparison
 * @param workers       threads that serve requests, at most, 1 to 1024: as many requests can be in the store at once. There are a few, and
 *                      more while these are busy
 * @param kernelOptions further mount options, as given to {@code -o}: each element one option or several separated by
 *                      commas
 * @param timer         told the duration of each request, or null when nobody wants to know
 */
public record TransportOptions(String fsname, boolean allowOther, boolean readOnly, boolean bigWrites, int workers,
                               List<String> kernelOptions, OperationTimer timer) {
    /** The subtype in the mount table: the type shown there is {@code fuse.quire}. */
    public static final String SUBTYPE = "quire";

    private static final int MAX_WORKERS = 1024;
    /** Each takes up to 2 MiB after requests of 1 MiB, and gives them back when it has rested for a while. */
    private static final int DEFAULT_WORKERS = 128;

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException when the number of workers is out of range or the name has a line break
     */
    public TransportOptions {
        Objects.requireNonNull(fsname, "fsname");
        kernelOptions = List.copyOf(kernelOptions);
        if (workers < 1 || workers > MAX_WORKERS) {
            throw new IllegalArgumentException("workers must be 1 to " + MAX_WORKERS + ", not " + workers);
        }
        if (fsname.isEmpty() || fsname.indexOf('\n') >= 0 || fsname.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the name of the source must be one line of text");
        }
    }

    /**
     * The name {@code quire}, requests of up to 1 MiB, this user only, reading and writing, up to 128 workers, no further options, no
     * timer.
     *
     * @return the default options
     */
    public static TransportOptions defaults() {
        return new TransportOptions(SUBTYPE, false, false, true, DEFAULT_WORKERS, List.of(), null);
    }

    /**
     * Changes the name of the source.
     *
     * @param value what the mount table shows as the source
     * @return changed options
     */
    public TransportOptions withFsname(final String value) {
        return new TransportOptions(value, allowOther, readOnly, bigWrites, workers, kernelOptions, timer);
    }

    /**
     * Changes who may use the mount.
     *
     * @param value whether other users may
     * @return changed options
     */
    public TransportOptions withAllowOther(final boolean value) {
        return new TransportOptions(fsname, value, readOnly, bigWrites, workers, kernelOptions, timer);
    }

    /**
     * Changes whether the mount can be written to.
     *
     * @param value whether the kernel refuses changes
     * @return changed options
     */
    public TransportOptions withReadOnly(final boolean value) {
        return new TransportOptions(fsname, allowOther, value, bigWrites, workers, kernelOptions, timer);
    }

    /**
     * Changes the size of write requests.
     *
     * @param value true for up to 1 MiB, false for one page
     * @return changed options
     */
    public TransportOptions withBigWrites(final boolean value) {
        return new TransportOptions(fsname, allowOther, readOnly, value, workers, kernelOptions, timer);
    }

    /**
     * Changes the largest number of threads that serve requests.
     *
     * @param value 1 to 1024
     * @return changed options
     */
    public TransportOptions withWorkers(final int value) {
        return new TransportOptions(fsname, allowOther, readOnly, bigWrites, value, kernelOptions, timer);
    }

    /**
     * Changes the further mount options.
     *
     * @param value as given to {@code -o}
     * @return changed options
     */
    public TransportOptions withKernelOptions(final List<String> value) {
        return new TransportOptions(fsname, allowOther, readOnly, bigWrites, workers, value, timer);
    }

    /**
     * Changes who is told durations.
     *
     * @param value the timer, or null for none
     * @return changed options
     */
    public TransportOptions withTimer(final OperationTimer value) {
        return new TransportOptions(fsname, allowOther, readOnly, bigWrites, workers, kernelOptions, value);
    }
}
