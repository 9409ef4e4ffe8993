package io.quire.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.quire.engine.Quire;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryOptions;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Posix;
import io.quire.engine.store.PosixProcess;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A filesystem over a temporary directory, called as the kernel would call it. */
@Timeout(300)
abstract class VfsFixture {
    /** Somebody who is not root, or whoever runs the tests when that is not root. */
    static final int USER = PosixProcess.geteuid() == 0 ? 12_345 : PosixProcess.geteuid();
    static final int GROUP = PosixProcess.geteuid() == 0 ? 23_456 : PosixProcess.getegid();
    static final int MEMORY = 1 << 20;

    @TempDir
    Path work;
    Path source;
    PageCache cache;
    DirectoryStore store;
    Vfs vfs;
    final Caller daemon = new Caller(PosixProcess.geteuid(), PosixProcess.getegid(), 1);
    final Caller user = new Caller(USER, GROUP, 1);
    final Entry entry = new Entry();
    final OpenResult opened = new OpenResult();
    final Attributes attributes = new Attributes();
    final SetAttributes change = new SetAttributes();
    private long memory;

    VfsOptions options() {
        return VfsOptions.shared();
    }

    DirectoryOptions storeOptions() {
        return DirectoryOptions.defaults();
    }

    @BeforeEach
    void mount() throws IOException {
        source = Files.createDirectory(work.resolve("source"));
        memory = NativeMemory.reserve(MEMORY, false);
        cache = Quire.cache().capacity(PageCache.MIN_CAPACITY).build();
        store = DirectoryStore.open(source, storeOptions());
        vfs = new Vfs(store, cache, options());
    }

    @AfterEach
    void unmount() {
        vfs.close();
        assertThat(vfs.nodes()).as("nodes that are left").isEqualTo(1);
        cache.verify();
        cache.close();
        NativeMemory.release(memory, MEMORY);
    }

    static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    Path at(final String name) {
        return source.resolve(name);
    }

    long lookup(final long parent, final String name) {
        assertThat(vfs.lookup(daemon, parent, bytes(name), entry)).as("lookup of %s", name).isZero();
        return entry.node;
    }

    long lookup(final String name) {
        return lookup(FileSystem.ROOT, name);
    }

    long open(final long node, final int flags) {
        assertThat(vfs.open(daemon, node, flags, opened)).as("open").isZero();
        return opened.fh;
    }

    /** Makes a file and opens it; {@link #entry} tells its node. */
    long create(final String name) {
        return create(daemon, FileSystem.ROOT, name, 0644);
    }

    long create(final Caller c, final long parent, final String name, final int mode) {
        assertThat(vfs.create(c, parent, bytes(name), mode, 0, Posix.O_RDWR, entry, opened)).as("create of %s", name)
            .isZero();
        return opened.fh;
    }

    long mkdir(final Caller c, final long parent, final String name, final int mode) {
        assertThat(vfs.mkdir(c, parent, bytes(name), mode, 0, entry)).as("mkdir of %s", name).isZero();
        return entry.node;
    }

    int write(final long fh, final long offset, final byte[] data) {
        OffHeap.copyFromArray(data, 0, memory, data.length);
        return vfs.write(0, fh, offset, memory, data.length);
    }

    int append(final long fh, final long offset, final String text) {
        return append(vfs, fh, offset, text);
    }

    int append(final FileSystem served, final long fh, final long offset, final String text) {
        final byte[] data = bytes(text);
        OffHeap.copyFromArray(data, 0, memory, data.length);
        return served.append(0, fh, offset, memory, data.length, new Appended());
    }

    void write(final long fh, final String text) {
        assertThat(write(fh, 0, bytes(text))).isEqualTo(text.length());
    }

    byte[] read(final long fh, final long offset, final int length) {
        final int done = vfs.read(0, fh, offset, memory, length);
        assertThat(done).as("read").isNotNegative();
        final byte[] data = new byte[done];
        OffHeap.copyToArray(memory, data, 0, done);
        return data;
    }

    String read(final long fh) {
        return new String(read(fh, 0, 1 << 16), StandardCharsets.UTF_8);
    }

    Attributes getattr(final long node) {
        assertThat(vfs.getattr(node, 0, attributes)).as("getattr").isZero();
        return attributes;
    }

    int setattr(final long node, final int valid) {
        return vfs.setattr(daemon, node, 0, valid, change, attributes);
    }

    List<String> list(final long node) {
        assertThat(vfs.opendir(daemon, node, opened)).isZero();
        final long fh = opened.fh;
        final List<String> names = new ArrayList<>();
        assertThat(vfs.readdir(fh, 0, (name, ino, type, next) -> names.add(new String(name, StandardCharsets.UTF_8))))
            .isZero();
        assertThat(vfs.releasedir(fh)).isZero();
        return names;
    }
}
