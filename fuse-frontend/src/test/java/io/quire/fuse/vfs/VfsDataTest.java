package io.quire.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.store.Errno;
import io.quire.engine.store.Posix;

import org.junit.jupiter.api.Test;

/** File data, and changes from outside: invariants V11, V12 and V19 to V24 of native-notes/vfs.md. */
class VfsDataTest extends VfsFixture {
    private final BlockingQueue<Long> invalidated = new LinkedBlockingQueue<>();

    private long misses() {
        return cache.counters().get(CacheCounter.MISSES);
    }

    private void touch(final String name, final long seconds) throws IOException {
        Files.setLastModifiedTime(at(name), FileTime.from(seconds, TimeUnit.SECONDS));
    }

    @Test
    void whatIsWrittenIsInTheSource() throws IOException {
        final long fh = create("a");
        write(fh, "hello");
        assertThat(write(fh, 5000, bytes("far"))).isEqualTo(3);
        assertThat(Files.size(at("a"))).isEqualTo(5003);
        assertThat(getattr(entry.node).size).isEqualTo(5003);
        assertThat(vfs.fsync(fh, true)).isZero();
        assertThat(vfs.flush(fh)).isZero();
        assertThat(vfs.release(fh)).isZero();
        assertThat(vfs.release(fh)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void v11AProgramCanRunAfterItWasCopiedIn() throws Exception {
        final long fh = create(daemon, FileSystem.ROOT, "program", 0755);
        final byte[] program = Files.readAllBytes(Path.of("/bin/true"));
        for (int done = 0; done < program.length; done += 65_536) {
            final byte[] part = Arrays.copyOfRange(program, done, Math.min(program.length, done + 65_536));
            assertThat(write(fh, done, part)).isEqualTo(part.length);
        }
        assertThat(vfs.release(fh)).isZero();
        assertThat(new ProcessBuilder(at("program").toString()).start().waitFor()).isZero();
        change.size = program.length;
        assertThat(setattr(entry.node, SetAttributes.SIZE)).isZero();
        assertThat(new ProcessBuilder(at("program").toString()).start().waitFor()).isZero();
    }

    @Test
    void v19PagesOutliveClosing() throws IOException {
        Files.writeString(at("a"), "content");
        final long node = lookup("a");
        final long first = open(node, Posix.O_RDONLY);
        assertThat(read(first)).isEqualTo("content");
        assertThat(vfs.release(first)).isZero();
        final long misses = misses();
        final long second = open(node, Posix.O_RDONLY);
        assertThat(opened.keepCache).isTrue();
        assertThat(read(second)).isEqualTo("content");
        assertThat(misses()).isEqualTo(misses);
    }

    @Test
    void v19PagesGoWithTheLastForget() throws IOException {
        Files.writeString(at("a"), "content");
        final long node = lookup("a");
        final long fh = open(node, Posix.O_RDONLY);
        assertThat(read(fh)).isEqualTo("content");
        assertThat(vfs.release(fh)).isZero();
        vfs.forget(node, 1);
        final long misses = misses();
        assertThat(read(open(lookup("a"), Posix.O_RDONLY))).isEqualTo("content");
        assertThat(misses()).isGreaterThan(misses);
    }

    @Test
    void v20AChangeFromOutsideIsSeenAtOpen() throws IOException {
        vfs.notifier(invalidated::add);
        Files.writeString(at("a"), "before");
        final long node = lookup("a");
        final long fh = open(node, Posix.O_RDONLY);
        assertThat(read(fh)).isEqualTo("before");
        Files.writeString(at("a"), "after!");
        touch("a", 1_000);
        final long second = open(node, Posix.O_RDONLY);
        assertThat(opened.keepCache).isFalse();
        assertThat(read(second)).isEqualTo("after!");
        assertThat(read(fh)).isEqualTo("after!");
        open(node, Posix.O_RDONLY);
        assertThat(opened.keepCache).as("nothing happened since").isTrue();
    }

    @Test
    void v28AFileWhoseLastNameWentOutsideIsNotOpenedByThatName() throws IOException {
        Files.writeString(at("a"), "old");
        final long node = lookup("a");
        Files.writeString(at("b"), "new");
        Files.move(at("b"), at("a"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(vfs.open(daemon, node, Posix.O_RDWR, opened)).isEqualTo(-Errno.ESTALE);
        assertThat(vfs.setattr(daemon, node, 0, SetAttributes.SIZE, change, attributes)).isEqualTo(-Errno.ESTALE);
        final long fresh = lookup("a");
        assertThat(fresh).isNotEqualTo(node);
        final long fh = open(fresh, Posix.O_RDONLY);
        assertThat(read(fh, 0, 3)).isEqualTo(bytes("new"));
        vfs.release(fh);
        vfs.forget(node, 1);
        vfs.forget(fresh, 1);
    }

    @Test
    void v28AnUnlinkedFileThatIsOpenCanBeOpenedAgain() {
        final long first = create("a");
        final long node = entry.node;
        write(first, "still here");
        assertThat(vfs.unlink(daemon, FileSystem.ROOT, bytes("a"))).isZero();
        final long second = open(node, Posix.O_RDONLY);
        assertThat(read(second, 0, 10)).isEqualTo(bytes("still here"));
        vfs.release(second);
        vfs.release(first);
        vfs.forget(node, 1);
    }

    @Test
    void v28WhoOpensWhatWeJustRemovedWasOnTheWay() throws IOException {
        Files.writeString(at("a"), "old");
        final long node = lookup("a");
        assertThat(vfs.unlink(daemon, FileSystem.ROOT, bytes("a"))).isZero();
        assertThat(read(open(node, Posix.O_RDONLY))).isEqualTo("old");
    }

    @Test
    void v29AnOpenTellsOfAnotherSize() throws IOException {
        Files.writeString(at("a"), "four");
        final long node = lookup("a");
        open(node, Posix.O_RDONLY);
        assertThat(opened.forgetAttributes).isFalse();
        Files.writeString(at("a"), "much longer");
        open(node, Posix.O_RDONLY);
        assertThat(opened.forgetAttributes).isTrue();
        getattr(node);
        final long fh = open(node, Posix.O_RDWR);
        assertThat(opened.forgetAttributes).as("it was told meanwhile").isFalse();
        assertThat(write(fh, 11, bytes("!"))).isEqualTo(1);
        open(node, Posix.O_RDONLY);
        assertThat(opened.forgetAttributes).as("the kernel has written itself").isFalse();
    }

    @Test
    void v29WhatIsAppendedLeavesWhatOthersHaveAppended() throws Exception {
        vfs.notifier(invalidated::add);
        Files.writeString(at("a"), "one ");
        final long node = lookup("a");
        final long fh = open(node, Posix.O_WRONLY | Posix.O_APPEND);
        assertThat(append(fh, 4, "two ")).isEqualTo(4);
        Files.writeString(at("a"), "three ", StandardOpenOption.APPEND);
        assertThat(append(fh, 8, "four ")).isEqualTo(5);
        assertThat(append(fh, 13, "five ")).as("the kernel knows no better").isEqualTo(5);
        assertThat(at("a")).hasContent("one two three four five ");
        assertThat(invalidated.poll(200, TimeUnit.SECONDS)).isEqualTo(node);
        open(node, Posix.O_RDONLY);
        assertThat(opened.forgetAttributes).as("the kernel takes it for shorter").isTrue();
    }

    @Test
    void v30WhatOthersMadeMeanwhileIsNotOpenedForThoseWhoMayNot() throws IOException {
        final Caller stranger = new Caller(USER + 1, GROUP, 1);
        Files.writeString(at("a"), "secret");
        Files.setPosixFilePermissions(at("a"), PosixFilePermissions.fromString("rw-------"));
        assertThat(vfs.create(stranger, FileSystem.ROOT, bytes("a"), 0644, 0, Posix.O_RDONLY, entry, opened))
            .isEqualTo(-Errno.ESTALE);
        Files.setAttribute(at("a"), "unix:uid", USER);
        assertThat(vfs.create(user, FileSystem.ROOT, bytes("a"), 0644, 0, Posix.O_RDWR, entry, opened)).isZero();
        assertThat(vfs.create(user, FileSystem.ROOT, bytes("a"), 0644, 0, Posix.O_RDWR | Posix.O_TRUNC, entry, opened))
            .as("what that clears is the kernel's to say").isEqualTo(-Errno.ESTALE);
        Files.setPosixFilePermissions(at("a"), PosixFilePermissions.fromString("r--rw-rw-"));
        assertThat(vfs.create(user, FileSystem.ROOT, bytes("a"), 0644, 0, Posix.O_RDWR, entry, opened))
            .isEqualTo(-Errno.ESTALE);
        assertThat(vfs.create(daemon, FileSystem.ROOT, bytes("a"), 0644, 0, Posix.O_RDWR, entry, opened))
            .isEqualTo(daemon.uid == 0 ? 0 : -Errno.ESTALE);
        Files.createSymbolicLink(at("link"), Path.of("a"));
        assertThat(vfs.create(daemon, FileSystem.ROOT, bytes("link"), 0644, 0, Posix.O_RDWR, entry, opened))
            .isEqualTo(-Errno.ESTALE);
    }

    @Test
    void v20AChangeFromOutsideIsSeenByGetattrAndTold() throws Exception {
        vfs.notifier(invalidated::add);
        Files.writeString(at("a"), "before");
        final long node = lookup("a");
        final long fh = open(node, Posix.O_RDONLY);
        assertThat(read(fh)).isEqualTo("before");
        Files.writeString(at("a"), "longer than before");
        assertThat(getattr(node).size).isEqualTo(18);
        assertThat(read(fh)).isEqualTo("longer than before");
        assertThat(invalidated.poll(200, TimeUnit.SECONDS)).isEqualTo(node);
        open(node, Posix.O_RDONLY);
        assertThat(opened.keepCache).as("the kernel may not have heard yet").isFalse();
    }

    @Test
    void v20ASizeThatIsNotOursIsSeenEvenAmongOurWrites() throws IOException {
        final long fh = create("a");
        write(fh, "ours");
        Files.writeString(at("a"), "ours and theirs");
        assertThat(getattr(entry.node).size).isEqualTo(15);
        assertThat(read(fh)).isEqualTo("ours and theirs");
    }

    @Test
    void v21OurOwnChangesAreNotTakenForOthers() {
        vfs.notifier(invalidated::add);
        final long fh = create("a");
        final long node = entry.node;
        write(fh, "first");
        assertThat(vfs.flush(fh)).isZero();
        open(node, Posix.O_RDONLY);
        final long misses = misses();
        write(fh, "second");
        getattr(node);
        change.mode = 0600;
        assertThat(setattr(node, SetAttributes.MODE)).isZero();
        change.mtimeSeconds = 5;
        assertThat(setattr(node, SetAttributes.MTIME)).isZero();
        assertThat(vfs.link(daemon, node, FileSystem.ROOT, bytes("b"), entry)).isZero();
        lookup("b");
        assertThat(vfs.rename(daemon, FileSystem.ROOT, bytes("a"), FileSystem.ROOT, bytes("c"))).isZero();
        lookup("c");
        assertThat(vfs.unlink(daemon, FileSystem.ROOT, bytes("b"))).isZero();
        getattr(node);
        assertThat(vfs.setxattr(daemon, node, bytes("user.x"), bytes("y"), 0)).isZero();
        getattr(node);
        change.size = 3;
        assertThat(setattr(node, SetAttributes.SIZE)).isZero();
        assertThat(vfs.fallocate(node, fh, 0, 0, 100)).isZero();
        open(node, Posix.O_RDONLY);
        assertThat(opened.keepCache).isTrue();
        assertThat(read(fh, 0, 3)).isEqualTo(bytes("sec"));
        assertThat(misses()).isEqualTo(misses);
        assertThat(invalidated).isEmpty();
    }

    @Test
    void v21WhatOthersWriteAfterANewFileIsSeenThoughNobodyTellsOfClosing() throws IOException {
        final long fh = create("a");
        assertThat(opened.noFlush).isTrue();
        write(fh, "ours!");
        assertThat(vfs.release(fh)).isZero();
        Files.writeString(at("a"), "other");
        touch("a", 1000);
        assertThat(read(open(entry.node, Posix.O_RDONLY))).isEqualTo("other");
        assertThat(opened.noFlush).as("of a handle that cannot write").isTrue();
    }

    /** A change of ours, of names or attributes. */
    @FunctionalInterface
    private interface Change {
        int apply(long node);
    }

    private void othersAreSeenAfter(final String name, final String after, final Change ours) throws IOException {
        Files.writeString(at(name), "before");
        touch(name, 1_000);
        final long node = lookup(name);
        assertThat(read(open(node, Posix.O_RDONLY))).isEqualTo("before");
        assertThat(ours.apply(node)).isNotNegative();
        Files.writeString(at(after), "after!");
        touch(after, 1_001);
        assertThat(read(open(node, Posix.O_RDONLY))).isEqualTo("after!");
        assertThat(opened.keepCache).isFalse();
    }

    @Test
    void v21WhatOthersWriteAfterWeRenamedAFileIsSeen() throws IOException {
        othersAreSeenAfter("a", "b", node -> vfs.rename(daemon, FileSystem.ROOT, bytes("a"), FileSystem.ROOT, bytes("b")));
    }

    @Test
    void v21WhatOthersWriteAfterWeRemovedAnotherNameIsSeen() throws IOException {
        Files.writeString(at("b"), "");
        Files.createLink(at("a"), at("b"));
        othersAreSeenAfter("a", "b", node -> vfs.unlink(daemon, FileSystem.ROOT, bytes("a")));
    }

    @Test
    void v21WhatOthersWriteAfterWeSetAnAttributeIsSeen() throws IOException {
        othersAreSeenAfter("a", "a", node -> vfs.setxattr(daemon, node, bytes("user.x"), bytes("1"), 0));
        othersAreSeenAfter("a", "a", node -> vfs.removexattr(daemon, node, bytes("user.x")));
    }

    @Test
    void v21OurRenamesAreNotTakenForOthers() throws IOException {
        final long fh = create("a");
        write(fh, "content");
        assertThat(vfs.rename(daemon, FileSystem.ROOT, bytes("a"), FileSystem.ROOT, bytes("b"))).isZero();
        final long misses = misses();
        assertThat(read(open(lookup("b"), Posix.O_RDONLY))).isEqualTo("content");
        assertThat(opened.keepCache).isTrue();
        assertThat(misses()).isEqualTo(misses);
    }

    @Test
    void v21WhatOthersWriteAfterWeChangedAFileIsSeenOnceItWasClosed() throws IOException {
        Files.writeString(at("a"), "first");
        final long node = lookup("a");
        final long fh = open(node, Posix.O_RDWR);
        assertThat(opened.noFlush).isFalse();
        write(fh, "ours!");
        assertThat(vfs.flush(fh)).isZero();
        assertThat(vfs.release(fh)).isZero();
        Files.writeString(at("a"), "other");
        touch("a", 1000);
        assertThat(read(open(node, Posix.O_RDONLY))).isEqualTo("other");
    }

    @Test
    void v22TellingTheKernelHoldsNobodyUp() throws Exception {
        final CountDownLatch release = new CountDownLatch(1);
        final CountDownLatch telling = new CountDownLatch(1);
        vfs.notifier(node -> {
            telling.countDown();
            try {
                release.await(200, TimeUnit.SECONDS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Files.writeString(at("a"), "one");
        final long node = lookup("a");
        final long fh = open(node, Posix.O_RDWR);
        Files.writeString(at("a"), "three");
        getattr(node);
        assertThat(telling.await(200, TimeUnit.SECONDS)).isTrue();
        // The kernel is still busy with the first: everything works on.
        assertThat(read(fh)).isEqualTo("three");
        write(fh, "THREE");
        for (int i = 0; i < 5_000; i++) {
            Files.writeString(at("a"), i % 2 == 0 ? "even" : "uneven");
            getattr(node);
        }
        assertThat(read(fh)).isEqualTo("uneven");
        release.countDown();
    }

    @Test
    void v23TruncateWorksWithAndWithoutAHandle() throws IOException {
        final long fh = create("a");
        final long node = entry.node;
        write(fh, "0123456789");
        change.size = 4;
        assertThat(vfs.setattr(daemon, node, fh, SetAttributes.SIZE, change, attributes)).isZero();
        assertThat(attributes.size).isEqualTo(4);
        assertThat(read(fh)).isEqualTo("0123");
        change.size = 6;
        assertThat(setattr(node, SetAttributes.SIZE)).isZero();
        assertThat(read(fh, 0, 100)).isEqualTo(bytes("0123\0\0"));
        assertThat(vfs.release(fh)).isZero();
        Files.writeString(at("never opened"), "0123456789");
        change.size = 2;
        assertThat(setattr(lookup("never opened"), SetAttributes.SIZE)).isZero();
        assertThat(Files.readString(at("never opened"))).isEqualTo("01");
        change.size = -1;
        assertThat(setattr(node, SetAttributes.SIZE)).isEqualTo(-Errno.EINVAL);
        assertThat(setattr(FileSystem.ROOT, SetAttributes.SIZE)).isEqualTo(-Errno.EISDIR);
    }

    @Test
    void v23OpeningWithTruncateCuts() throws IOException {
        Files.writeString(at("a"), "content");
        final long fh = open(lookup("a"), Posix.O_WRONLY | Posix.O_TRUNC);
        assertThat(Files.size(at("a"))).isZero();
        write(fh, "new");
        assertThat(Files.readString(at("a"))).isEqualTo("new");
    }

    @Test
    void v23CreatingWhatSomebodyElseMadeOpensIt() throws IOException {
        Files.writeString(at("a"), "theirs");
        assertThat(vfs.create(daemon, FileSystem.ROOT, bytes("a"), 0644, 0, Posix.O_RDWR | Posix.O_EXCL, entry,
            opened)).isEqualTo(-Errno.EEXIST);
        final long fh = create("a");
        assertThat(read(fh)).isEqualTo("theirs");
        assertThat(vfs.create(daemon, FileSystem.ROOT, bytes("a"), 0644, 0, Posix.O_RDWR | Posix.O_TRUNC, entry,
            opened)).isZero();
        assertThat(entry.attributes.size).isZero();
        assertThat(read(fh)).isEmpty();
    }

    @Test
    void v24SpaceIsAllocatedPunchedAndZeroed() throws IOException {
        final long fh = create("a");
        final long node = entry.node;
        assertThat(write(fh, 0, "x".repeat(20_000).getBytes())).isEqualTo(20_000);
        final int punch = Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE;
        assertThat(vfs.fallocate(node, fh, punch, 5000, 5000)).isZero();
        assertThat(read(fh, 5000, 5000)).containsOnly(0).hasSize(5000);
        assertThat(read(fh, 10_000, 1)).isEqualTo(bytes("x"));
        assertThat(vfs.fallocate(node, fh, Posix.FALLOC_FL_ZERO_RANGE, 19_000, 2000)).isZero();
        assertThat(getattr(node).size).isEqualTo(21_000);
        assertThat(read(fh, 19_000, 2000)).containsOnly(0).hasSize(2000);
        assertThat(vfs.fallocate(node, fh, Posix.FALLOC_FL_KEEP_SIZE, 0, 1 << 20)).isZero();
        assertThat(getattr(node).size).isEqualTo(21_000);
        assertThat(attributes.blocks).isGreaterThanOrEqualTo((1 << 20) / 512);
        assertThat(vfs.fallocate(node, fh, 0, 0, 30_000)).isZero();
        assertThat(getattr(node).size).isEqualTo(30_000);
        assertThat(vfs.fallocate(node, fh, Posix.FALLOC_FL_COLLAPSE_RANGE, 0, 4096)).isEqualTo(-Errno.EOPNOTSUPP);
        assertThat(vfs.fallocate(node, fh, 0, 0, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(Files.size(at("a"))).isEqualTo(30_000);
    }

    @Test
    void theKernelsQuestionBeforeEachWriteIsAnsweredFromMemory() {
        final long fh = create("a");
        final long node = entry.node;
        final byte[] capability = bytes("security.capability");
        assertThat(vfs.getxattr(node, capability, null)).isEqualTo(-Errno.ENODATA);
        write(fh, "x");
        assertThat(vfs.getxattr(node, capability, null)).isEqualTo(-Errno.ENODATA);
        // A file capability of version 2 with CAP_NET_RAW, as setcap makes it.
        final byte[] value = {1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        final int result = vfs.setxattr(daemon, node, capability, value, 0);
        assertThat(vfs.getxattr(node, capability, null)).isEqualTo(result == 0 ? value.length : -Errno.ENODATA);
    }
}
