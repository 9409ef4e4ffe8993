package io.quire.fuse.jnr;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import io.quire.engine.store.Errno;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a mount out of the mount table, politely first. Unmounting writes back what programs changed in mappings, and
 * those writes come to the same workers: it therefore runs on a thread of its own while the workers still serve.
 */
final class Unmounting {
    private static final Logger LOG = LoggerFactory.getLogger(Unmounting.class);
    private static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");

    private final Path mountPoint;
    private final MountTable.Mount mount;

    /**
     * Describes what to unmount.
     *
     * @param mountPoint absolute path without symbolic links
     * @param mount      what we mounted there
     */
    Unmounting(final Path mountPoint, final MountTable.Mount mount) {
        this.mountPoint = mountPoint;
        this.mount = mount;
    }

    /** The mount's device number as {@code major:minor}. */
    String device() {
        return mount.device();
    }

    /**
     * Whether our mount is still the one that the path leads to.
     *
     * @return false when it was unmounted, or another was mounted over it
     */
    boolean mounted() {
        try {
            return mount.equals(MountTable.at(mountPoint));
        } catch (final IOException e) {
            LOG.warn("the mount table cannot be read", e);
            return false;
        }
    }

    /**
     * Writes back, then detaches: new users find what was there before, present ones may go on until the connection
     * ends. Needs the workers to be serving.
     */
    void detach() {
        if (!mounted()) {
            return;
        }
        try (Scratch path = Scratch.string(mountPoint.toString())) {
            writeBack(path);
            if (SystemCalls.LIBC.geteuid() == 0) {
                // Without the control file system a busy mount can only be ended while it is still attached.
                final int flags = Files.exists(abortFile()) ? SystemCalls.MNT_DETACH
                    : SystemCalls.MNT_DETACH | SystemCalls.MNT_FORCE;
                if (SystemCalls.LIBC.umount2(path.address(), SystemCalls.UMOUNT_NOFOLLOW) != 0
                    && SystemCalls.LIBC.umount2(path.address(), SystemCalls.UMOUNT_NOFOLLOW | flags) != 0 && mounted()) {
                    LOG.error("unmounting {} failed with {}", mountPoint, Errno.name(SystemCalls.errno()));
                }
            } else {
                fusermount();
            }
        }
    }

    private static void writeBack(final Scratch path) {
        final int descriptor = SystemCalls.LIBC.open(path.address(),
            SystemCalls.O_RDONLY | SystemCalls.O_DIRECTORY | SystemCalls.O_CLOEXEC, 0);
        if (descriptor >= 0) {
            if (SystemCalls.LIBC.syncfs(descriptor) != 0) {
                LOG.error("writing back before unmounting failed with {}", Errno.name(SystemCalls.errno()));
            }
            SystemCalls.LIBC.close(descriptor);
        }
    }

    private void fusermount() {
        try {
            final Process process = new ProcessBuilder("fusermount", "-u", "-z", "--", mountPoint.toString())
                .redirectErrorStream(true).start();
            process.getOutputStream().close();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                LOG.error("unmounting {} failed: {}", mountPoint, output.strip());
            }
        } catch (final IOException e) {
            LOG.error("unmounting {} failed: fusermount cannot be started", mountPoint, e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Ends the connection, whoever still uses it: every reader of requests gets ENODEV and programs that use the mount
     * get ENOTCONN. Where the control file system is not there, by unmounting with force: {@link #detach} may still wait for what
     * it wanted to have written back, so the mount is attached.
     */
    void abort() {
        if (!Files.exists(abortFile()) && SystemCalls.LIBC.geteuid() == 0) {
            if (mounted()) {
                unmountByForce();
            }
            return;
        }
        try {
            Files.writeString(abortFile(), "1");
        } catch (final IOException e) {
            LOG.error("the connection of {} cannot be ended", mountPoint, e);
        }
    }

    private void unmountByForce() {
        try (Scratch path = Scratch.string(mountPoint.toString())) {
            if (SystemCalls.LIBC.umount2(path.address(),
                SystemCalls.UMOUNT_NOFOLLOW | SystemCalls.MNT_DETACH | SystemCalls.MNT_FORCE) != 0) {
                LOG.error("ending the connection of {} failed with {}", mountPoint, Errno.name(SystemCalls.errno()));
            }
        }
    }

    private Path abortFile() {
        return CONNECTIONS.resolve(mount.connection()).resolve("abort");
    }
}
