package io.quire.fuse.jnr;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the kernel reads ahead on a mount. It starts with 128 KiB whatever INIT says, since INIT can only lower it; with
 * as much as a request may have, a sequential reader waits for fewer requests (F9). Only root may change it: for others the
 * kernel's own value stays.
 */
final class KernelReadAhead {
    private static final Logger LOG = LoggerFactory.getLogger(KernelReadAhead.class);
    private static final Path DEVICES = Path.of("/sys/class/bdi");

    private KernelReadAhead() {
    }

    /**
     * Sets it.
     *
     * @param device device number of the mount as {@code major:minor}
     * @param kib    the largest window, KiB
     */
    static void set(final String device, final int kib) {
        final Path file = DEVICES.resolve(device).resolve("read_ahead_kb");
        try {
            Files.write(file, Integer.toString(kib).getBytes(StandardCharsets.US_ASCII));
        } catch (final IOException e) {
            LOG.debug("{} stays as it is", file, e);
        }
    }
}
