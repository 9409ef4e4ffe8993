package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A directory as a store: the contract of every store, and invariants V1 to V12 of native-notes/vfs.md, with file
 * handles. {@link DirectoryStoreByNameTest} does the same without.
 */
class DirectoryStoreTest extends StoreContractTest {
    private static final int FEW = DirectoryOptions.MIN_DESCRIPTORS;

    @TempDir
    Path work;
    private Path source;
    private Path outside;

    private final SourceEntry entry = new SourceEntry();
    private final Attributes attributes = new Attributes();

    /** Whether files are opened again by handle. */
    boolean handles() {
        return true;
    }

    @Override
    protected Store newStore() throws IOException {
        source = Files.createDirectory(work.resolve("source"));
        outside = Files.createDirectory(work.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "not to be seen");
        return DirectoryStore.open(source, new DirectoryOptions(FEW, handles()));
    }

    @Override
    protected long largeSize() {
        return 1L << 40;
    }

    private DirectoryStore directory() {
        return (DirectoryStore) store;
    }

    private static byte[] bytes(final String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private SourceNode find(final SourceNode parent, final String name) {
        assertThat(directory().lookup(parent, bytes(name), entry)).as("lookup of %s", name).isZero();
        return entry.node;
    }

    private SourceNode find(final String name) {
        return find(directory().root(), name);
    }

    private SourceNode make(final String name) {
        assertThat(directory().create(0, 0, directory().root(), bytes(name), 0644, 022, entry)).isZero();
        return entry.node;
    }

    private SourceNode makeDirectory(final SourceNode parent, final String name) {
        assertThat(directory().mkdir(0, 0, parent, bytes(name), 0755, 022, entry)).isZero();
        return entry.node;
    }

    /** Closes every descriptor that may be closed. */
    private void forgetDescriptors() {
        directory().descriptors.closeAll();
        directory().descriptors.closeAll();
    }

    @Test
    void v1NoNameLeavesTheDirectory() throws IOException {
        Files.createDirectory(source.resolve("inner"));
        final SourceNode inner = find("inner");
        for (final String name : List.of("", ".", "..", "a/b", "/", "../file")) {
            assertThat(directory().lookup(inner, bytes(name), entry)).as(name).isEqualTo(-Errno.EINVAL);
            assertThat(directory().mkdir(0, 0, inner, bytes(name), 0755, 0, entry)).as(name).isEqualTo(-Errno.EINVAL);
            assertThat(directory().unlink(inner, bytes(name))).as(name).isEqualTo(-Errno.EINVAL);
            assertThat(directory().rename(inner, bytes("x"), inner, bytes(name), 0)).as(name)
                .isEqualTo(-Errno.EINVAL);
        }
        assertThat(directory().lookup(inner, new byte[] {'a', 0, 'b'}, entry)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void v1NoSymbolicLinkIsFollowed() throws IOException {
        Files.createSymbolicLink(source.resolve("out"), outside);
        Files.createSymbolicLink(source.resolve("secret"), outside.resolve("secret"));
        final SourceNode out = find("out");
        assertThat(out.type()).isEqualTo(PosixAttributes.S_IFLNK);
        assertThat(directory().lookup(out, bytes("secret"), entry)).isEqualTo(-Errno.ENOTDIR);
        assertThatThrownBy(() -> store.open("out/secret", false)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.open("secret", false)).isInstanceOf(StoreException.class);
        assertThat(directory().create(0, 0, directory().root(), bytes("secret"), 0644, 0, entry))
            .isEqualTo(-Errno.EEXIST);
    }

    @Test
    void v1ADirectoryThatBecomesASymbolicLinkIsNotEntered() throws IOException {
        Files.createDirectory(source.resolve("d"));
        final SourceNode node = find("d");
        forgetDescriptors();
        Files.delete(source.resolve("d"));
        Files.createSymbolicLink(source.resolve("d"), outside);
        assertThat(directory().lookup(node, bytes("secret"), entry)).isIn(-Errno.ESTALE, -Errno.ENOENT);
    }

    @Test
    void v2EveryNameOfAnInodeLeadsToOneNode() throws IOException {
        Files.writeString(source.resolve("a"), "x");
        Files.createLink(source.resolve("b"), source.resolve("a"));
        final SourceNode a = find("a");
        assertThat(find("b")).isSameAs(a);
        assertThat(directory().link(a, directory().root(), bytes("c"), entry)).isZero();
        assertThat(entry.node).isSameAs(a);
        assertThat(entry.attributes.nlink).isEqualTo(3);
    }

    @Test
    void v3ADroppedNodeIsNotRevivedAndItsNumberNotReused() {
        final SourceNode first = make("a");
        final long id = first.id;
        first.forget(1);
        final SourceNode second = find("a");
        assertThat(second).isNotSameAs(first);
        assertThat(second.id).isGreaterThan(id);
        assertThat(first.reference()).isFalse();
    }

    @Test
    void v3MoreForgottenThanLookedUpCountsAsAll() {
        final List<SourceNode> dropped = new ArrayList<>();
        directory().listener(dropped::add);
        final SourceNode node = make("a");
        assertThat(node.reference()).isTrue();
        node.forget(100);
        assertThat(dropped).isEmpty();
        node.unreference();
        assertThat(dropped).containsExactly(node);
    }

    @Test
    void v4ADirectoryStaysKnownWhileAChildIs() {
        final SourceNode a = makeDirectory(directory().root(), "a");
        final SourceNode b = makeDirectory(a, "b");
        a.forget(1);
        forgetDescriptors();
        assertThat(b.attributes(attributes)).isZero();
        b.forget(1);
        assertThat(directory().knownNodes()).as("root and the contract's file").isEqualTo(2);
    }

    @Test
    void v5AnInodeIsFoundAgainAfterItsDescriptorWasClosed() throws IOException {
        SourceNode parent = directory().root();
        final StringBuilder path = new StringBuilder("d0");
        for (int i = 0; i < 200; i++) {
            parent = makeDirectory(parent, "d" + i);
            if (i > 0) {
                path.append("/d").append(i);
            }
        }
        forgetDescriptors();
        Files.writeString(source.resolve(path + "/leaf"), "deep");
        final SourceNode leaf = find(parent, "leaf");
        assertThat(leaf.attributes(attributes)).isZero();
        assertThat(attributes.size).isEqualTo(4);
    }

    @Test
    void v5ANodeFollowsRenamesOfItAndOfItsDirectories() {
        final SourceNode a = makeDirectory(directory().root(), "a");
        final SourceNode b = makeDirectory(a, "b");
        final SourceNode c = makeDirectory(b, "c");
        assertThat(directory().rename(directory().root(), bytes("a"), directory().root(), bytes("z"), 0)).isZero();
        assertThat(directory().rename(b, bytes("c"), a, bytes("moved"), 0)).isZero();
        forgetDescriptors();
        assertThat(c.attributes(attributes)).isZero();
        assertThat(b.attributes(attributes)).isZero();
        assertThat(find(find("z"), "moved")).isSameAs(c);
    }

    @Test
    void v5AnInodeKeepsBeingReachedByItsOtherNames() throws IOException {
        Files.writeString(source.resolve("a"), "x");
        Files.createLink(source.resolve("b"), source.resolve("a"));
        final SourceNode node = find("a");
        find("b");
        assertThat(directory().unlink(directory().root(), bytes("a"))).isZero();
        forgetDescriptors();
        assertThat(node.attributes(attributes)).isZero();
        assertThat(attributes.nlink).isEqualTo(1);
    }

    @Test
    void v5ANameUnknownToUsStillKeepsTheInode() throws IOException {
        Files.writeString(source.resolve("a"), "x");
        Files.createLink(source.resolve("unseen"), source.resolve("a"));
        final SourceNode node = find("a");
        assertThat(directory().unlink(directory().root(), bytes("a"))).isZero();
        forgetDescriptors();
        assertThat(node.attributes(attributes)).isZero();
        assertThat(find("unseen")).isSameAs(node);
    }

    @Test
    void v5WhatOthersRenameIsFoundByItsHandle() throws IOException {
        final SourceNode closed = make("closed");
        closed.file().idle();
        final SourceNode evicted = make("evicted");
        forgetDescriptors();
        final SourceNode looked = make("looked");
        for (final String name : List.of("closed", "evicted", "looked")) {
            Files.move(source.resolve(name), source.resolve("moved-" + name));
        }
        final int expected = directory().usesHandles() ? 0 : -Errno.ESTALE;
        assertThat(closed.attributes(attributes)).isEqualTo(expected);
        assertThat(evicted.attributes(attributes)).isEqualTo(expected);
        forgetDescriptors();
        assertThat(looked.attributes(attributes)).isEqualTo(expected);
    }

    @Test
    void v7TheLastOfTwoNamesLeavesTheInodeUsableToo() throws IOException {
        final SourceNode node = make("a");
        assertThat(directory().link(node, directory().root(), bytes("b"), entry)).isZero();
        assertThat(directory().unlink(directory().root(), bytes("a"))).isZero();
        forgetDescriptors();
        assertThat(directory().unlink(directory().root(), bytes("b"))).isZero();
        forgetDescriptors();
        assertThat(node.attributes(attributes)).isZero();
        assertThat(attributes.nlink).isZero();
    }

    @Test
    void v18TheUmaskOfACreationIsItsCallersAlone() throws Exception {
        final int[] modes = new int[2];
        final Thread[] makers = new Thread[2];
        for (int i = 0; i < makers.length; i++) {
            final int number = i;
            final int umask = i == 0 ? 027 : 002;
            makers[i] = new Thread(() -> {
                for (int j = 0; j < 300; j++) {
                    final SourceEntry made = new SourceEntry();
                    assertThat(directory().create(0, 0, directory().root(), bytes("u" + number + "-" + j), 0777, umask,
                        made)).isZero();
                    modes[number] |= made.attributes.mode & 0777 ^ 0777 & ~umask;
                }
            });
            makers[i].start();
        }
        for (final Thread maker : makers) {
            maker.join();
        }
        assertThat(modes).containsExactly(0, 0);
    }

    @Test
    void v6AStaleNameDoesNotLeadToAnotherInode() throws IOException {
        Files.writeString(source.resolve("a"), "old");
        final SourceNode old = find("a");
        forgetDescriptors();
        Files.delete(source.resolve("a"));
        for (int i = 0; i < 20; i++) {
            Files.writeString(source.resolve("a"), "new" + i);
            Files.move(source.resolve("a"), source.resolve("b" + i));
        }
        Files.writeString(source.resolve("a"), "newest");
        assertThat(old.attributes(attributes)).isEqualTo(-Errno.ESTALE);
        assertThat(find("a")).isNotSameAs(old);
        assertThat(entry.attributes.size).isEqualTo(6);
    }

    @Test
    void v6AReusedInodeNumberIsAnotherNode() {
        final Map<Long, SourceNode> byNumber = new HashMap<>();
        boolean reused = false;
        for (int i = 0; i < 50; i++) {
            final SourceNode node = make("again");
            final SourceNode before = byNumber.put(node.ino, node);
            assertThat(before).as("inode %d", node.ino).isNotSameAs(node);
            reused |= before != null;
            assertThat(directory().unlink(directory().root(), bytes("again"))).isZero();
            node.forget(1);
        }
        assertThat(byNumber.size() < 50).isEqualTo(reused);
    }

    @Test
    void v7AnInodeWithoutANameIsUsableUntilItIsDropped() throws StoreException {
        final SourceNode node = make("gone");
        assertThat(node.opened()).isTrue();
        assertThat(directory().unlink(directory().root(), bytes("gone"))).isZero();
        forgetDescriptors();
        assertThat(node.attributes(attributes)).isZero();
        assertThat(attributes.nlink).isZero();
        assertThat(node.chmod(0600)).isZero();
        assertThat(node.setxattr(bytes("user.x"), bytes("1"), 0)).isZero();
        assertThat(node.getxattr(bytes("user.x"), new byte[10])).isEqualTo(1);
        node.file().truncate(100);
        forgetDescriptors();
        assertThat(node.attributes(attributes)).isZero();
        assertThat(attributes.size).isEqualTo(100);
        assertThat(attributes.mode & 07777).isEqualTo(0600);
        node.closed();
        node.forget(1);
        forgetDescriptors();
        assertThat(directory().openDescriptors()).as("the root's alone").isEqualTo(1);
    }

    @Test
    void v7WhatARenameReplacesIsUsableUntilItIsDropped() {
        final SourceNode replaced = make("target");
        make("source");
        assertThat(directory().rename(directory().root(), bytes("source"), directory().root(), bytes("target"), 0))
            .isZero();
        forgetDescriptors();
        assertThat(replaced.attributes(attributes)).isZero();
        assertThat(attributes.nlink).isZero();
    }

    @Test
    void v7RenamingOneNameOfAnInodeToAnotherOfItKeepsBoth() throws IOException {
        Files.writeString(source.resolve("a"), "x");
        Files.createLink(source.resolve("b"), source.resolve("a"));
        final SourceNode node = find("a");
        assertThat(directory().rename(directory().root(), bytes("a"), directory().root(), bytes("b"), 0)).isZero();
        assertThat(find("a")).isSameAs(node);
        assertThat(find("b")).isSameAs(node);
    }

    @Test
    void v8DescriptorsStayWithinTheirNumber() throws IOException {
        final List<SourceNode> nodes = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            nodes.add(make("f" + i));
        }
        for (int round = 0; round < 2; round++) {
            for (final SourceNode node : nodes) {
                assertThat(node.attributes(attributes)).isZero();
            }
            assertThat(directory().openDescriptors()).isLessThanOrEqualTo(FEW);
        }
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            assertThat(open.count()).isLessThan(FEW + 400);
        }
        nodes.forEach(node -> node.forget(1));
        assertThat(directory().knownNodes()).isEqualTo(2);
    }

    @Test
    void v8WhatIsRemovedInBulkDoesNotHoldItsDescriptors() {
        final List<SourceNode> nodes = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            nodes.add(make("f" + i));
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(directory().unlink(directory().root(), bytes("f" + i))).isZero();
        }
        forgetDescriptors();
        assertThat(directory().openDescriptors()).isLessThanOrEqualTo(FEW);
        nodes.forEach(node -> node.forget(1));
        forgetDescriptors();
        assertThat(directory().openDescriptors()).isEqualTo(1);
        assertThat(directory().kept.get()).as("the root's alone").isEqualTo(1);
    }

    @Test
    void v9NamesAreBytes() throws IOException {
        final byte[] name = {(byte) 0xff, (byte) 0xfe, 'a', '\n', (byte) 0x80};
        assertThat(directory().create(0, 0, directory().root(), name, 0644, 0, entry)).isZero();
        final SourceNode node = entry.node;
        assertThat(directory().lookup(directory().root(), name, entry)).isZero();
        assertThat(entry.node).isSameAs(node);
        final List<byte[]> names = new ArrayList<>();
        try (DirectoryStream stream = directory().openDirectory(directory().root())) {
            assertThat(stream.read(0, (bytes, ino, type, next) -> names.add(bytes))).isZero();
        }
        assertThat(names).anySatisfy(bytes -> assertThat(bytes).isEqualTo(name));
        assertThat(directory().unlink(directory().root(), name)).isZero();
    }

    @Test
    void v9NamesOfEveryLengthAreListedWhole() throws IOException {
        final Set<String> made = new HashSet<>(Set.of(".", "..", "file"));
        final byte[] hard = {1, (byte) 0x80, (byte) 0xff, 'a', (byte) 0x81};
        for (int length = 1; length <= 255; length++) {
            final byte[] name = new byte[length];
            for (int i = 0; i < length; i++) {
                name[i] = hard[(length + i) % hard.length];
            }
            assertThat(directory().create(0, 0, directory().root(), name, 0644, 0, entry)).isZero();
            made.add(new String(name, StandardCharsets.ISO_8859_1));
        }
        final List<String> listed = new ArrayList<>();
        try (DirectoryStream stream = directory().openDirectory(directory().root())) {
            assertThat(stream.read(0, (name, ino, type, next) -> listed.add(new String(name, StandardCharsets.ISO_8859_1)))).isZero();
        }
        assertThat(listed).containsExactlyInAnyOrderElementsOf(made);
        for (final String name : made) {
            directory().unlink(directory().root(), name.getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void v15AClosedListingIsRefused() throws IOException {
        final DirectoryStream stream = directory().openDirectory(directory().root());
        assertThat(stream.read(0, (name, ino, type, next) -> false)).isZero();
        stream.close();
        assertThat(stream.read(0, (name, ino, type, next) -> true)).isEqualTo(-Errno.EBADF);
        assertThat(stream.sync(true)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void v10AListingIsWholeWhenItStopsAfterEachEntry() throws IOException {
        for (int i = 0; i < 2000; i++) {
            Files.createFile(source.resolve("entry" + i));
        }
        final List<String> names = new ArrayList<>();
        try (DirectoryStream stream = directory().openDirectory(directory().root())) {
            long offset = 0;
            for (;;) {
                final long[] next = {offset};
                final boolean[] took = {false};
                assertThat(stream.read(offset, (name, ino, type, nextOffset) -> {
                    if (took[0]) {
                        return false;
                    }
                    took[0] = true;
                    names.add(new String(name, StandardCharsets.UTF_8));
                    next[0] = nextOffset;
                    return true;
                })).isZero();
                if (!took[0]) {
                    break;
                }
                offset = next[0];
                if (names.size() % 700 == 0) {
                    forgetDescriptors();
                }
            }
        }
        assertThat(names).doesNotHaveDuplicates().hasSize(2003).contains(".", "..", "entry0", "entry1999");
    }

    @Test
    void v10RemovingWhatWasListedHidesNothing() throws IOException {
        for (int i = 0; i < 3000; i++) {
            Files.createFile(source.resolve("entry" + i));
        }
        final Set<String> removed = new HashSet<>();
        try (DirectoryStream stream = directory().openDirectory(directory().root())) {
            long offset = 0;
            for (;;) {
                final List<byte[]> batch = new ArrayList<>();
                final long[] next = {offset};
                assertThat(stream.read(offset, (name, ino, type, nextOffset) -> {
                    next[0] = nextOffset;
                    batch.add(name);
                    return batch.size() < 100;
                })).isZero();
                // The hundredth was refused: it comes again.
                if (batch.size() == 100) {
                    batch.removeLast();
                }
                if (batch.isEmpty()) {
                    break;
                }
                offset = offsetAfter(stream, offset, batch.size());
                for (final byte[] name : batch) {
                    final String text = new String(name, StandardCharsets.UTF_8);
                    if (text.startsWith("entry")) {
                        assertThat(removed.add(text)).as(text).isTrue();
                        assertThat(directory().unlink(directory().root(), name)).as(text).isZero();
                    }
                }
            }
        }
        assertThat(removed).hasSize(3000);
        try (var left = Files.list(source)) {
            assertThat(left).containsExactly(source.resolve("file"));
        }
    }

    /** Seeks back and goes over a batch again, as another reader of the same handle may do. */
    private static long offsetAfter(final DirectoryStream stream, final long offset, final int entries) {
        final long[] next = {offset};
        final int[] seen = {0};
        assertThat(stream.read(offset, (name, ino, type, nextOffset) -> {
            if (seen[0] == entries) {
                return false;
            }
            seen[0]++;
            next[0] = nextOffset;
            return true;
        })).isZero();
        return next[0];
    }

    @Test
    void v11AFileOfReadersIsNotOpenForWriting() throws Exception {
        final Path program = source.resolve("program");
        Files.copy(Path.of("/bin/true"), program);
        final SourceNode node = find("program");
        assertThat(node.file().openForReading()).isZero();
        assertThat(new ProcessBuilder(program.toString()).start().waitFor()).isZero();
        assertThat(node.file().openForWriting()).isZero();
        node.file().idle();
        assertThat(new ProcessBuilder(program.toString()).start().waitFor()).isZero();
    }

    @Test
    void v12AChangeUnderWayIsNoTimeToJudge() {
        final DirectoryFile data = make("a").file();
        final long before = data.activity();
        data.beginChange();
        assertThat(data.activity()).isEqualTo(-1);
        data.endChange();
        assertThat(data.activity()).isNotEqualTo(before).isNotNegative();
        final long after = data.activity();
        assertThat(entry.node.chmod(0600)).isZero();
        assertThat(data.activity()).isNotEqualTo(after);
    }

    @Test
    void theSourceMustBeADirectory() throws IOException {
        Files.createFile(source.resolve("plain"));
        assertThatThrownBy(() -> DirectoryStore.open(source.resolve("plain"), DirectoryOptions.defaults()))
            .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTDIR));
        assertThatThrownBy(() -> DirectoryStore.open(source.resolve("absent"), DirectoryOptions.defaults()))
            .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }
}
