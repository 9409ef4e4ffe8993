package io.quire.fuse.vfs;

import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;
import io.quire.engine.store.SourceEntry;
import io.quire.engine.store.SourceNode;

import org.jctools.maps.NonBlockingHashMapLong;

/**
 * The nodes that the kernel knows. Thread-safe.
 *
 * <p>An inode is here from the first answer that names it until the source drops its node, that is until nobody refers to it.
 */
final class InodeTable {
    private final DirectoryStore store;
    private final VfsOptions options;
    private final AttributeReader attributes;
    private final NonBlockingHashMapLong<Inode> inodes = new NonBlockingHashMapLong<>();
    private final ThreadLocal<SourceEntry> entries = ThreadLocal.withInitial(SourceEntry::new);

    InodeTable(final DirectoryStore store, final VfsOptions options, final AttributeReader attributes) {
        this.store = store;
        this.options = options;
        this.attributes = attributes;
        inodes.put(FileSystem.ROOT, new Inode(store.root()));
        store.listener(this::dropped);
    }

    private void dropped(final SourceNode node) {
        final Inode inode = inodes.remove(node.id);
        if (inode != null && inode.data() != null) {
            inode.data().drop();
        }
    }

    /** The inode of a node number, or null when the kernel should not know it. */
    Inode get(final long node) {
        return inodes.get(node);
    }

    int size() {
        return inodes.size();
    }

    /** An entry of the calling thread, so that nothing is allocated; whoever is called may use it too. */
    SourceEntry scratch() {
        return entries.get();
    }

    /** 0 when an inode may be changed, or negative errno. */
    int refuseChange(final Inode inode) {
        return inode == null ? -Errno.ESTALE : options.readOnly() ? -Errno.EROFS : 0;
    }

    /** Fills an entry in for a node that was looked up or made; it has its kernel reference already. */
    int answer(final SourceEntry found, final Entry out) {
        final SourceNode node = found.node;
        Inode inode = inodes.get(node.id);
        if (inode == null) {
            final Inode fresh = new Inode(node);
            final Inode other = inodes.putIfAbsent(node.id, fresh);
            inode = other == null ? fresh : other;
        }
        final int result = attributes.revalidate(inode, found.attributes);
        if (result < 0) {
            node.forget(1);
            return result;
        }
        out.node = node.id;
        out.generation = 0;
        out.entryTimeoutNanos = options.entryTimeoutNanos();
        out.attrTimeoutNanos = options.attrTimeoutNanos();
        out.attributes.copyFrom(found.attributes);
        inode.toldSize = found.attributes.size;
        return 0;
    }

    void forget(final long node, final long count) {
        final Inode inode = inodes.get(node);
        if (inode != null && node != FileSystem.ROOT && count > 0) {
            inode.source.forget(count);
        }
    }

    /** Takes all references of the kernel's back. */
    void forgetAll() {
        for (final long node : inodes.keySetLong()) {
            forget(node, Long.MAX_VALUE);
        }
    }
}
