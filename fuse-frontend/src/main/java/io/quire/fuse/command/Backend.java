package io.quire.fuse.command;

import java.io.IOException;

import io.quire.engine.cache.WritePolicy;

/** The mounted filesystem as the daemon handles it: engine, filesystem and transport together. */
interface Backend extends AutoCloseable {
    /** Makes one. */
    @FunctionalInterface
    interface Factory {
        /**
         * Mounts.
         *
         * @throws IOException with the reason, for the user
         */
        Backend mount(MountOptions options, CountersFile counters) throws IOException;
    }

    /** Serves requests until the filesystem is unmounted, by whomever. */
    void serve();

    /** The mount has answered: what it has made so far stays when it ends. Before {@link #close}, at most once. */
    void answered();

    /** Unmounts, at once even when it is in use. Any thread; {@link #serve} then returns. */
    void unmount();

    /** Switches the write policy of all files. Any thread. */
    void writePolicy(WritePolicy policy);

    /** Drops all cached pages that can be dropped. Any thread. */
    void drop();

    /**
     * Goes on with the recording, or pauses it. Any thread.
     *
     * @throws CommandException when nothing is recorded, or no more
     */
    void record(boolean on);

    /** Copies the counters to the file. One thread at a time. */
    void copyCounters(CountersFile counters);

    /** Ends the filesystem and the cache; after {@link #serve} has returned. */
    @Override
    void close();
}
