package io.quire.bench.mount;

import java.nio.file.Path;

/**
 * What workloads share.
 *
 * @param scale    how much is done
 * @param affinity the processors
 * @param client   does many small operations
 * @param shared   what all servers get copies of is kept here
 */
record Bench(Scale scale, Affinity affinity, Client client, Path shared) {
    /** A command of a client, where the regime wants it, with a limit that says "hung". */
    Command client(final Regime regime) {
        return Command.of().add(affinity.prefix(regime)).seconds(limitSeconds());
    }

    /** After this a client of a mount hangs. */
    int limitSeconds() {
        return scale.limitSeconds();
    }
}
