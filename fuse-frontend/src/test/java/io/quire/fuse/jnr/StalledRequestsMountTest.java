package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

import io.quire.engine.Quire;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.DirectoryOptions;
import io.quire.engine.store.DirectoryStore;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.OpenResult;
import io.quire.fuse.vfs.Vfs;
import io.quire.fuse.vfs.VfsOptions;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads that stall in the source, more of them than there are workers to begin with (F14, F7). */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StalledRequestsMountTest {
    private static final int STALLED = 40;
    private static final String FAILED = "failed";

    private final CountDownLatch release = new CountDownLatch(1);
    private final Semaphore stalled = new Semaphore(0);
    private final List<CompletableFuture<String>> reads = new ArrayList<>();
    private volatile boolean rootStalls;
    private final TreeFileSystem files = new TreeFileSystem() {
        @Override
        public int opendir(final Caller caller, final long node, final OpenResult out) {
            if (rootStalls) {
                try {
                    release.await();
                } catch (final InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return super.opendir(caller, node, out);
        }

        @Override
        public int read(final long node, final long fh, final long offset, final long address, final int length) {
            stalled.release();
            try {
                release.await();
            } catch (final InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return super.read(node, fh, offset, address, length);
        }
    };

    @AfterEach
    void goOn() {
        release.countDown();
    }

    private static void fill(final Mounted mounted) {
        assertThat(mounted.shell("for i in $(seq " + STALLED + "); do echo $i > slow-$i; done; mkdir d; : > d/other").status()).isZero();
    }

    /** Reads every file, each on a thread of its own, and waits until all are in the source. */
    private void stall(final Path directory) throws InterruptedException {
        for (int i = 1; i <= STALLED; i++) {
            final Path file = directory.resolve("slow-" + i);
            reads.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return Files.readString(file).strip();
                } catch (final IOException e) {
                    return FAILED;
                }
            }, task -> Thread.ofPlatform().daemon().start(task)));
        }
        stalled.acquire(STALLED);
    }

    private void readsEndWell() throws Exception {
        for (int i = 1; i <= STALLED; i++) {
            assertThat(reads.get(i - 1).get()).isEqualTo(Integer.toString(i));
        }
    }

    @Test
    void f14OtherRequestsAreAnsweredWhileReadsStall() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            fill(mounted);
            stall(mounted.directory);
            assertThat(mounted.shell("stat -c %s slow-1; ls d; echo new > d/new; mv d/new d/newer; rm d/newer; ls d").text())
                .isEqualTo("2\nother\nother\n");
            release.countDown();
            readsEndWell();
        }
    }

    @Test
    void f14AStalledSourceKeepsTheMountOfItAlive() throws Exception {
        final Path directory = Mounted.temporary();
        try (Mounted source = new Mounted(files)) {
            fill(source);
            try (PageCache cache = Quire.cache().capacity(PageCache.MIN_CAPACITY).build();
                 DirectoryStore store = DirectoryStore.open(source.directory, DirectoryOptions.defaults());
                 Vfs vfs = new Vfs(store, cache, VfsOptions.shared())) {
                try (JnrTransport transport = JnrTransport.mount(vfs, directory, TransportOptions.defaults())) {
                    stall(directory);
                    assertThat(Mounted.run(directory, "sh", "-c", "ls d; echo new > d/new; stat -c %s d/new; rm d/new").text())
                        .isEqualTo("other\n4\n");
                    release.countDown();
                    readsEndWell();
                    assertThat(transport.serving()).isTrue();
                }
            }
        } finally {
            Files.deleteIfExists(directory);
        }
    }

    @Test
    void f7AnUnmountFromOutsideEndsOnceTheStalledRequestsDo() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            fill(mounted);
            stall(mounted.directory);
            Mounted.run(Path.of("/"), "umount", "-f", "-l", mounted.directory.toString());
            for (final CompletableFuture<String> read : reads) {
                assertThat(read.get()).isEqualTo(FAILED);
            }
            assertThat(mounted.transport.serving()).isTrue();
            release.countDown();
            mounted.transport.run();
            assertThat(mounted.transport.serving()).isFalse();
        }
    }

    @Test
    void f7ClosingGivesUpStalledRequestsAndTheyEndByThemselves() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            fill(mounted);
            stall(mounted.directory);
            mounted.transport.close();
            assertThat(mounted.mountLine()).isNull();
            for (final CompletableFuture<String> read : reads) {
                assertThat(read.get()).isEqualTo(FAILED);
            }
            assertThat(mounted.transport.serving()).as("until the source answers").isTrue();
            release.countDown();
            mounted.transport.run();
            assertThat(mounted.transport.serving()).isFalse();
        }
    }

    @Test
    void f7ClosingGivesUpAMountWhoseRootStalls() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            fill(mounted);
            rootStalls = true;
            mounted.transport.close();
            assertThat(mounted.mountLine()).isNull();
            release.countDown();
            mounted.transport.run();
            assertThat(mounted.transport.serving()).isFalse();
        }
    }

    @Test
    void f14ThereAreAsManyWorkersAsAllowed() throws Exception {
        try (Mounted mounted = new Mounted(files, TransportOptions.defaults().withWorkers(STALLED))) {
            fill(mounted);
            stall(mounted.directory);
            final CompletableFuture<String> other = CompletableFuture.supplyAsync(() -> mounted.shell("ls d").text(),
                task -> Thread.ofPlatform().daemon().start(task));
            release.countDown();
            readsEndWell();
            assertThat(other.get()).isEqualTo("other\n");
        }
    }
}
