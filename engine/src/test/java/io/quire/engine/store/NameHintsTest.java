package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is believed of a name without asking the source, and what others make of it meanwhile: V31 of native-notes/vfs.md. */
class NameHintsTest {
    @TempDir
    Path source;

    private final SourceEntry entry = new SourceEntry();
    private final Attributes attributes = new Attributes();
    private DirectoryStore store;
    private SourceNode root;

    @BeforeEach
    void open() throws IOException {
        // Without handles a node is opened by its names alone, so that a wrong one shows.
        store = DirectoryStore.open(source, new DirectoryOptions(DirectoryOptions.MIN_DESCRIPTORS, false));
        root = store.root();
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static byte[] bytes(final String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private SourceNode make(final String name) {
        assertThat(store.create(0, 0, root, bytes(name), 0644, 0, entry)).isZero();
        entry.node.file().idle();
        return entry.node;
    }

    private SourceNode find(final String name) {
        assertThat(store.lookup(root, bytes(name), entry)).as(name).isZero();
        return entry.node;
    }

    private void forgetDescriptors() {
        store.descriptors.closeAll();
        store.descriptors.closeAll();
    }

    @Test
    void v31ANodeFollowsItsNameWithoutBeingLookedUp() {
        final SourceNode node = make("a");
        final long before = node.file().activity();
        assertThat(store.rename(root, bytes("a"), root, bytes("b"), 0)).isZero();
        assertThat(node.file().activity()).isNotEqualTo(before).isNotNegative();
        forgetDescriptors();
        assertThat(node.attributes(attributes)).isZero();
        assertThat(store.hints.get(root, bytes("a"))).isNull();
        assertThat(store.hints.get(root, bytes("b"))).isSameAs(node);
    }

    @Test
    void v31ARenameMovesWhatOthersPutUnderTheName() throws IOException {
        final SourceNode believed = make("a");
        Files.delete(source.resolve("a"));
        Files.writeString(source.resolve("a"), "others");
        assertThat(store.rename(root, bytes("a"), root, bytes("b"), 0)).isZero();
        assertThat(source.resolve("b")).hasContent("others");
        forgetDescriptors();
        assertThat(believed.attributes(attributes)).isEqualTo(-Errno.ESTALE);
        final SourceNode moved = find("b");
        assertThat(moved).isNotSameAs(believed);
        assertThat(store.hints.get(root, bytes("b"))).isSameAs(moved);
        assertThat(entry.attributes.size).isEqualTo(6);
    }

    @Test
    void v31WhatOthersPutUnderANameIsHeldWhenItIsRemoved() throws IOException {
        make("a");
        final SourceNode others = make("y");
        Files.delete(source.resolve("a"));
        Files.createLink(source.resolve("a"), source.resolve("y"));
        Files.delete(source.resolve("y"));
        assertThat(others.attributes(attributes)).as("it is not known by the name that it has now").isEqualTo(-Errno.ESTALE);
        assertThat(store.unlink(root, bytes("a"))).isZero();
        forgetDescriptors();
        assertThat(others.attributes(attributes)).isZero();
        assertThat(attributes.nlink).isZero();
    }

    @Test
    void v31ANodeThatHasAnotherNameOutlivesTheRemovalOfWhatReplacedIt() throws IOException {
        final SourceNode node = make("a");
        Files.createLink(source.resolve("b"), source.resolve("a"));
        assertThat(find("b")).isSameAs(node);
        Files.delete(source.resolve("a"));
        Files.createFile(source.resolve("a"));
        assertThat(store.unlink(root, bytes("a"))).isZero();
        forgetDescriptors();
        assertThat(node.attributes(attributes)).isZero();
        assertThat(attributes.nlink).isEqualTo(1);
        assertThat(node.isRemovedHere()).isFalse();
    }

    @Test
    void v31NamesThatShareAPlaceAreNotTakenForEachOther() throws IOException {
        final String first = "first";
        int i = 0;
        while (NameHints.place(root, bytes("n" + i)) != NameHints.place(root, bytes(first))) {
            i++;
        }
        final SourceNode one = make(first);
        final SourceNode other = make("n" + i);
        assertThat(store.hints.get(root, bytes(first))).isNull();
        assertThat(store.hints.get(root, bytes("n" + i))).isSameAs(other);
        assertThat(store.rename(root, bytes(first), root, bytes("moved"), 0)).isZero();
        forgetDescriptors();
        assertThat(one.attributes(attributes)).isZero();
        assertThat(other.attributes(attributes)).isZero();
    }

    @Test
    void v31NothingIsBelievedOfWhatWasForgotten() {
        final SourceNode node = make("a");
        node.forget(1);
        assertThat(store.hints.get(root, bytes("a"))).isNull();
        assertThat(store.rename(root, bytes("a"), root, bytes("b"), 0)).isZero();
        assertThat(find("b")).isNotSameAs(node);
    }
}
