package io.quire.fuse.jnr;

import java.nio.file.Path;

/** Serves a {@link TreeFileSystem} until it is unmounted, for measurements by hand. Not a test. */
final class BenchServer {
    private BenchServer() {
    }

    /**
     * Mounts and serves.
     *
     * @param arguments mount point and, optionally, the number of workers
     */
    static void main(final String[] arguments) throws MountException {
        TransportOptions options = TransportOptions.defaults().withFsname("bench").withAllowOther(true);
        if (arguments.length > 1) {
            options = options.withWorkers(Integer.parseInt(arguments[1]));
        }
        try (TreeFileSystem files = new TreeFileSystem();
             JnrTransport transport = JnrTransport.mount(files, Path.of(arguments[0]), options)) {
            transport.run();
        }
    }
}
