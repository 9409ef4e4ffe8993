package io.quire.fuse.jnr;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

import io.quire.engine.store.Attributes;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.OpenResult;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The transport on a real mount; each test names the invariant of {@code native-notes/fuse-protocol.md}. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JnrTransportMountTest {
    private final TreeFileSystem files = new TreeFileSystem();

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            final byte[] data = new byte[(1 << 20) + 123];
            new Random(1).nextBytes(data);
            Files.write(mounted.path("f"), data);
            assertThat(Files.readAllBytes(mounted.path("f"))).isEqualTo(data);
            assertThat(mounted.shell("cp f g && cmp f g && echo same").text()).isEqualTo("same\n");
        }
    }

    @Test
    void theMountTableShowsTypeAndSource() throws Exception {
        try (Mounted mounted = new Mounted(files, TransportOptions.defaults().withFsname("/a,b\\c d"))) {
            assertThat(mounted.mountLine()).startsWith("/a,b\\134c\\040d ").contains(" fuse.quire ")
                .contains("default_permissions");
        }
    }

    @Test
    void f4NamesSurviveByteForByte() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            mounted.shell("echo x > \"$(printf 'a\\377b\\n')\"; ln -s \"$(printf '\\200')\" s");
            assertThat(files.nodeNamed("a\u00ffb")).isPositive();
            assertThat(mounted.shell("ls -1").text()).isEqualTo("a\u00ffb\ns\n");
            assertThat(mounted.shell("readlink s").text()).isEqualTo("\u0080\n");
        }
    }

    @Test
    void f10LongDirectoriesAreListedWhole() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            assertThat(mounted.shell("for i in $(seq 3000); do : > entry-with-a-long-name-$i; done").status()).isZero();
            for (int pass = 0; pass < 2; pass++) {
                try (var entries = Files.list(mounted.directory)) {
                    final List<Path> listed = entries.toList();
                    assertThat(listed).hasSize(3000);
                    assertThat(new TreeSet<>(listed)).hasSize(3000);
                }
            }
        }
    }

    @Test
    void attributesAreSetAndRead() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            final Path file = Files.writeString(mounted.path("f"), "12345");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x---"));
            Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_234_567, 890_123_456)));
            assertThat(mounted.shell("chown 12:34 f && stat -c '%a %u %g %s %h %F' f").text())
                .isEqualTo("750 12 34 5 1 regular file\n");
            assertThat(Files.getLastModifiedTime(file).toInstant())
                .isEqualTo(Instant.ofEpochSecond(1_234_567, 890_123_456));
            assertThat(mounted.shell("truncate -s 2 f && cat f && ln f h && stat -c ' %h %s' h").text())
                .isEqualTo("12 2 2\n");
            assertThat(mounted.shell("mkfifo p && mknod c c 1 3 && stat -c '%F %t %T' p c").text())
                .isEqualTo("fifo 0 0\ncharacter special file 1 3\n");
            assertThat(mounted.shell("stat -f -c '%b %f %a %c %d %l %S' .").text())
                .isEqualTo("1000000 500000 400000 1000 900 255 4096\n");
        }
    }

    @Test
    void extendedAttributesAreSetReadListedAndRemoved() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            final Path file = Files.writeString(mounted.path("f"), "");
            final var view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
            view.write("one", ByteBuffer.wrap("value".getBytes(UTF_8)));
            view.write("empty", ByteBuffer.allocate(0));
            final ByteBuffer value = ByteBuffer.allocate(view.size("one"));
            view.read("one", value);
            assertThat(new String(value.array(), UTF_8)).isEqualTo("value");
            assertThat(view.list()).containsExactlyInAnyOrder("one", "empty");
            view.delete("one");
            assertThat(view.list()).containsExactly("empty");
            assertThatThrownBy(() -> view.size("one")).isInstanceOf(FileSystemException.class);
        }
    }

    @Test
    void theUmaskReachesTheFileSystem() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            assertThat(mounted.shell("umask 027; mkdir d; : > f; mkfifo p; stat -c %a d f p").text())
                .isEqualTo("750\n640\n640\n");
        }
    }

    @Test
    void renameRmdirUnlinkAndTheirErrors() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            assertThat(mounted.shell("mkdir d && echo 1 > d/a && mv d/a b && cat b && rmdir d && rm b && ls -A").text())
                .isEqualTo("1\n");
            assertThat(mounted.shell("mkdir d && : > d/x && rmdir d").text()).contains("Directory not empty");
            assertThat(mounted.shell("cat none").text()).contains("No such file");
        }
    }

    @Test
    void anUnlinkedFileWorksWhileOpen() throws Exception {
        try (Mounted mounted = new Mounted(files);
             FileChannel channel = FileChannel.open(mounted.path("f"), StandardOpenOption.CREATE,
                 StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            Files.delete(mounted.path("f"));
            channel.write(ByteBuffer.wrap("still here".getBytes(UTF_8)));
            channel.truncate(5);
            assertThat(channel.size()).isEqualTo(5);
            final ByteBuffer back = ByteBuffer.allocate(5);
            channel.read(back, 0);
            assertThat(new String(back.array(), UTF_8)).isEqualTo("still");
            assertThat(mounted.shell("ls -A").text()).isEmpty();
        }
    }

    @Test
    void f2WhatAnOperationThrowsBecomesEioAndTheMountGoesOn() throws Exception {
        final TreeFileSystem broken = new TreeFileSystem() {
            @Override
            public int unlink(final Caller c, final long parent, final byte[] name) {
                throw new IllegalStateException("thrown on purpose");
            }

            @Override
            public int flush(final long fh) {
                throw new StackOverflowError("thrown on purpose");
            }

            @Override
            public void forget(final long node, final long count) {
                throw new IllegalStateException("thrown on purpose");
            }
        };
        try (Mounted mounted = new Mounted(broken)) {
            assertThat(mounted.shell("echo a | dd of=f").text()).contains("Input/output error");
            for (int i = 0; i < 20; i++) {
                assertThat(mounted.shell("rm f").text()).contains("Input/output error");
            }
            assertThat(mounted.shell("mkdir d && rmdir d && ls").text()).isEqualTo("f\n");
            assertThat(mounted.transport.serving()).isTrue();
        }
    }

    @Test
    void f1AnErrorNumberOutOfRangeIsAnsweredAsEio() throws Exception {
        final TreeFileSystem broken = new TreeFileSystem() {
            @Override
            public int unlink(final Caller c, final long parent, final byte[] name) {
                return Integer.MIN_VALUE;
            }
        };
        try (Mounted mounted = new Mounted(broken)) {
            assertThat(mounted.shell(": > f; rm f").text()).contains("Input/output error");
        }
    }

    @Test
    void f5AnOpenWhoseAnswerIsNotTakenIsReleased() throws Exception {
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        final TreeFileSystem slow = new TreeFileSystem() {
            @Override
            public int open(final Caller c, final long node, final int flags, final OpenResult out) {
                entered.countDown();
                try {
                    go.await();
                } catch (final InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return super.open(c, node, flags, out);
            }
        };
        try (Mounted mounted = new Mounted(slow)) {
            mounted.shell("mkfifo p; : > f");
            final long open = slow.handlesOpen();
            final var reader = CompletableFuture.supplyAsync(() -> mounted.shell("exec cat f"));
            entered.await();
            Mounted.run(Path.of("/"), "umount", "-f", "-l", mounted.directory.toString());
            assertThat(reader.get().status()).isNotZero();
            go.countDown();
            mounted.transport.run();
            assertThat(slow.handlesOpen()).isLessThanOrEqualTo((int) open);
        }
    }

    @Test
    void f5LookupCountsComeBack() throws Exception {
        final CountDownLatch forgotten = new CountDownLatch(1);
        final TreeFileSystem counting = new TreeFileSystem() {
            @Override
            public synchronized void forget(final long node, final long count) {
                super.forget(node, count);
                if (nodesKnown() == 0) {
                    forgotten.countDown();
                }
            }
        };
        try (Mounted mounted = new Mounted(counting)) {
            assertThat(mounted.shell(": > f; cat f; rm f").status()).isZero();
            forgotten.await();
            assertThat(counting.nodesKnown()).isZero();
        }
    }

    @Test
    void f7AnUnmountFromOutsideEndsTheServer() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            assertThat(Mounted.run(Path.of("/"), "fusermount", "-u", mounted.directory.toString()).text()).isEmpty();
            mounted.transport.run();
            assertThat(mounted.transport.serving()).isFalse();
            mounted.transport.close();
            mounted.transport.close();
            mounted.transport.notifyInvalidate(1, 0, 0);
        }
    }

    @Test
    void f7ClosingUnmountsAndEndsTheWorkers() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            Files.writeString(mounted.path("f"), "x");
            mounted.transport.close();
            assertThat(mounted.mountLine()).isNull();
            assertThat(mounted.transport.serving()).isFalse();
            assertThat(mounted.directory).isEmptyDirectory();
        }
    }

    @Test
    void f7ClosingABusyMountEndsItToo() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            final FileChannel channel = FileChannel.open(mounted.path("f"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
            mounted.transport.close();
            assertThat(mounted.mountLine()).isNull();
            assertThat(mounted.transport.serving()).isFalse();
            assertThatThrownBy(channel::close).isInstanceOf(IOException.class);
        }
    }

    @Test
    void anInvalidatedNodeIsReadAgain() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            Files.writeString(mounted.path("f"), "before");
            try (FileChannel channel = FileChannel.open(mounted.path("f"))) {
                final ByteBuffer text = ByteBuffer.allocate(6);
                channel.read(text, 0);
                files.change("f", "after!".getBytes(UTF_8));
                channel.read(text.clear(), 0);
                assertThat(new String(text.array(), UTF_8)).isEqualTo("before");
                files.notifier().accept(files.nodeNamed("f"));
                channel.read(text.clear(), 0);
                assertThat(new String(text.array(), UTF_8)).isEqualTo("after!");
            }
        }
    }

    @Test
    void f9WritesArriveInRequestsOfUpToAMebibyte() throws Exception {
        assertThat(largestWrite(true)).isEqualTo(1 << 20);
    }

    @Test
    void f9ReadsArriveInRequestsOfUpToAMebibyteAndAreWhole() throws Exception {
        final AtomicInteger largest = new AtomicInteger();
        final TreeFileSystem watching = new TreeFileSystem() {
            @Override
            public synchronized int read(final long node, final long fh, final long offset, final long address,
                                         final int length) {
                largest.accumulateAndGet(length, Math::max);
                return super.read(node, fh, offset, address, length);
            }
        };
        try (Mounted mounted = new Mounted(watching)) {
            assertThat(mounted.shell("head -c 3000000 /dev/urandom > /tmp/quire-f9-$PPID && cp /tmp/quire-f9-$PPID f "
                + "&& dd if=f of=g iflag=direct bs=2M && cmp /tmp/quire-f9-$PPID g; s=$?; rm /tmp/quire-f9-$PPID; exit $s"))
                .satisfies(output -> assertThat(output.status()).as(output.text()).isZero());
        }
        assertThat(largest.get()).isEqualTo(1 << 20);
    }

    @Test
    void f9TheKernelReadsAheadAsFarAsARequestGoes() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            final String device = MountTable.at(mounted.directory).device();
            assertThat(Path.of("/sys/class/bdi", device, "read_ahead_kb")).hasContent("1024");
        }
    }

    @Test
    void f9WithoutBigWritesTheyArriveInPages() throws Exception {
        assertThat(largestWrite(false)).isEqualTo(4096);
    }

    private static int largestWrite(final boolean bigWrites) throws Exception {
        final AtomicInteger largest = new AtomicInteger();
        final TreeFileSystem watching = new TreeFileSystem() {
            @Override
            public synchronized int write(final long node, final long fh, final long offset, final long address,
                                          final int length) {
                largest.accumulateAndGet(length, Math::max);
                return super.write(node, fh, offset, address, length);
            }
        };
        try (Mounted mounted = new Mounted(watching, TransportOptions.defaults().withBigWrites(bigWrites))) {
            assertThat(mounted.shell("dd if=/dev/zero of=f bs=2M count=1").status()).isZero();
        }
        return largest.get();
    }

    @Test
    void f11AWriteAsksForNoExtendedAttributes() throws Exception {
        final AtomicInteger asked = new AtomicInteger();
        final TreeFileSystem watching = new TreeFileSystem() {
            @Override
            public synchronized int getxattr(final long node, final byte[] name, final byte[] value) {
                asked.incrementAndGet();
                return super.getxattr(node, name, value);
            }
        };
        try (Mounted mounted = new Mounted(watching)) {
            assertThat(mounted.shell("dd if=/dev/zero of=f bs=4k count=100").status()).isZero();
            assertThat(asked.get()).isLessThan(5);
        }
    }

    @Test
    void f11SetUserIdBitsGoWhenSomebodyElseChangesTheFile() throws Exception {
        try (Mounted mounted = new Mounted(files, TransportOptions.defaults().withAllowOther(true))) {
            final String nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
            for (final String change : List.of("sh -c 'echo x >> f'", "sh -c 'echo x > f'", "truncate -s 1 f",
                "dd if=/dev/zero of=f bs=4k count=1 oflag=direct", "fallocate -l 8192 f")) {
                mounted.shell("echo longer > f; chmod 6777 f");
                assertThat(mounted.shell("stat -c %a f").text()).isEqualTo("6777\n");
                assertThat(mounted.shell(nobody + change).status()).as(change).isZero();
                assertThat(mounted.shell("stat -c %a f").text()).as(change).isEqualTo("777\n");
            }
            mounted.shell("chmod 2767 f");
            assertThat(mounted.shell(nobody + "truncate -s 1 f; stat -c %a f").text()).isEqualTo("2767\n");
            assertThat(mounted.shell("chmod 4777 f; echo x >> f; stat -c %a f").text()).as("root").isEqualTo("4777\n");
        }
    }

    @Test
    void f8LocksAreTheKernelsAndIoctlsAreRefused() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            assertThat(mounted.shell(": > f; flock f echo locked").text()).isEqualTo("locked\n");
            assertThat(mounted.shell("stty -F f").text()).contains("Inappropriate ioctl");
        }
    }

    @Test
    void spaceIsAllocatedAndOtherModesAreRefused() throws Exception {
        try (Mounted mounted = new Mounted(files)) {
            assertThat(mounted.shell("fallocate -l 8192 f && stat -c %s f").text()).isEqualTo("8192\n");
            assertThat(mounted.shell("fallocate -p -l 4096 f").text()).contains("unsupported");
        }
    }

    @Test
    void aReadOnlyMountRefusesChanges() throws Exception {
        try (Mounted mounted = new Mounted(files, TransportOptions.defaults().withReadOnly(true))) {
            assertThat(mounted.shell(": > f").text()).contains("Read-only file system");
        }
    }

    @Test
    void f3RequestsAreServedByTheWorkersAndTimed() throws Exception {
        final AtomicIntegerArray counts = new AtomicIntegerArray(OperationKind.values().length);
        final TransportOptions options = TransportOptions.defaults().withWorkers(3).withTimer((kind, nanos) -> {
            if (Thread.currentThread() instanceof FuseWorker && nanos >= 0) {
                counts.incrementAndGet(kind.ordinal());
            }
        });
        try (Mounted mounted = new Mounted(files, options)) {
            mounted.shell("echo a > f; cat f; ls; stat f");
        }
        for (final OperationKind kind : List.of(OperationKind.LOOKUP, OperationKind.CREATE, OperationKind.WRITE,
            OperationKind.READ, OperationKind.READDIR, OperationKind.FLUSH, OperationKind.RELEASE)) {
            assertThat(counts.get(kind.ordinal())).as(kind.label()).isPositive();
        }
    }

    @Test
    void f1ManyClientsAreAllAnswered() throws Exception {
        try (Mounted mounted = new Mounted(files, TransportOptions.defaults().withWorkers(4))) {
            final var clients = new java.util.ArrayList<CompletableFuture<String>>();
            for (int i = 0; i < 4; i++) {
                final String name = "dir" + i;
                clients.add(CompletableFuture.supplyAsync(() -> mounted.shell("mkdir " + name + "; for i in $(seq 100);"
                    + " do echo $i > " + name + "/$i; done; cat " + name + "/* | wc -l; rm -r " + name).text().strip(),
                    command -> Thread.ofPlatform().start(command)));
            }
            for (final var client : clients) {
                assertThat(client.get(200, TimeUnit.SECONDS)).isEqualTo("100");
            }
        }
    }

    @Test
    void badMountPointsAreRefusedInOneSentence() throws Exception {
        final Path directory = Mounted.temporary();
        final Path file = Files.writeString(directory.resolve("file"), "");
        assertThat(refusal(directory, List.of())).contains("is not empty").contains("-o nonempty");
        assertThat(refusal(file, List.of())).contains("is not a directory");
        assertThat(refusal(directory.resolve("none"), List.of())).contains("does not exist").contains("mkdir");
        assertThat(refusal(directory.resolve("none/none"), List.of())).contains("does not exist");
        Files.delete(file);
        assertThat(refusal(directory, List.of("ro,wrong"))).contains("unknown mount option 'wrong'");
        try (Mounted mounted = new Mounted(files)) {
            assertThat(refusal(mounted.directory, List.of("nonempty"))).contains("already a Quire mount");
        }
        Files.delete(directory);
    }

    private String refusal(final Path mountPoint, final List<String> kernelOptions) {
        try (JnrTransport unexpected = JnrTransport.mount(files, mountPoint,
            TransportOptions.defaults().withKernelOptions(kernelOptions))) {
            return "mounted " + unexpected;
        } catch (final MountException e) {
            assertThat(e.getMessage()).doesNotContain("\n");
            return e.getMessage();
        }
    }

    @Test
    void aMountMayHideEntries() throws Exception {
        final Path directory = Mounted.temporary();
        Files.writeString(directory.resolve("below"), "");
        final TransportOptions options = TransportOptions.defaults().withKernelOptions(List.of("nonempty,noatime"));
        try (JnrTransport transport = JnrTransport.mount(files, directory, options)) {
            assertThat(directory).isEmptyDirectory();
            assertThat(transport.serving()).isTrue();
        }
        assertThat(directory.resolve("below")).exists();
        Files.delete(directory.resolve("below"));
        Files.delete(directory);
    }

    @Test
    void theHandleOfAGetattrIsPassedOn() throws Exception {
        final AtomicInteger withHandle = new AtomicInteger();
        final TreeFileSystem watching = new TreeFileSystem() {
            @Override
            public synchronized int getattr(final long node, final long fh, final Attributes out) {
                if (fh != 0) {
                    withHandle.incrementAndGet();
                }
                return super.getattr(node, fh, out);
            }

            @Override
            public long attrTimeoutNanos() {
                return 0;
            }
        };
        try (Mounted mounted = new Mounted(watching)) {
            assertThat(mounted.shell("printf 123456 > f; tail -c 3 f").text()).isEqualTo("456");
            assertThat(withHandle.get()).isPositive();
        }
    }
}
