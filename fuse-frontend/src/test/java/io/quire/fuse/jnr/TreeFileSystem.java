package io.quire.fuse.jnr;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.Errno;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.DirectorySink;
import io.quire.fuse.vfs.Entry;
import io.quire.fuse.vfs.FileSystem;
import io.quire.fuse.vfs.OpenResult;
import io.quire.fuse.vfs.SetAttributes;

/** A file system on the Java heap, to try a transport with: one lock, byte arrays, names as Latin-1 text. */
class TreeFileSystem implements FileSystem {
    static final int S_IFMT = 0170000;
    static final int S_IFDIR = 0040000;
    static final int S_IFREG = 0100000;
    static final int S_IFLNK = 0120000;
    private static final int O_TRUNC = 01000;

    /** One inode. */
    private static final class Node {
        final Attributes attributes = new Attributes();
        final Map<String, Node> entries = new LinkedHashMap<>();
        final Map<String, byte[]> extended = new LinkedHashMap<>();
        byte[] data = {};
        long lookups;
    }

    private final Map<Long, Node> nodes = new HashMap<>();
    private final Map<Long, Node> handles = new HashMap<>();
    private long nextNode = ROOT;
    private long nextHandle = 1;
    private LongConsumer notifier;

    TreeFileSystem() {
        node(S_IFDIR | 0755, 0, 0).lookups = 1;
    }

    private Node node(final int mode, final int uid, final int gid) {
        final Node node = new Node();
        node.attributes.ino = nextNode++;
        node.attributes.mode = mode;
        node.attributes.uid = uid;
        node.attributes.gid = gid;
        node.attributes.nlink = 1;
        node.attributes.blockSize = 4096;
        node.attributes.mtimeSeconds = System.currentTimeMillis() / 1000;
        nodes.put(node.attributes.ino, node);
        return node;
    }

    /** How many nodes the kernel knows, the root not counted. */
    synchronized long nodesKnown() {
        return nodes.values().stream().filter(node -> node.lookups > 0).count() - 1;
    }

    synchronized int handlesOpen() {
        return handles.size();
    }

    /** Changes a file behind the kernel's back. */
    synchronized void change(final String name, final byte[] data) {
        final Node node = nodes.get(ROOT).entries.get(name);
        node.data = data;
        node.attributes.size = data.length;
        node.attributes.mtimeSeconds++;
    }

    long nodeNamed(final String name) {
        synchronized (this) {
            return nodes.get(ROOT).entries.get(name).attributes.ino;
        }
    }

    LongConsumer notifier() {
        return notifier;
    }

    private static String text(final byte[] name) {
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(final String name) {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    private int answer(final Node node, final Entry out) {
        node.lookups++;
        out.node = node.attributes.ino;
        out.entryTimeoutNanos = 1_000_000_000L;
        out.attrTimeoutNanos = attrTimeoutNanos();
        out.attributes.copyFrom(node.attributes);
        return 0;
    }

    private int insert(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                       final Entry out) {
        final Map<String, Node> entries = nodes.get(parent).entries;
        if (entries.containsKey(text(name))) {
            return -Errno.EEXIST;
        }
        final int masked = (mode & S_IFMT) == S_IFLNK ? mode : mode & ~umask;
        final Node node = node(masked, c.uid, c.gid);
        entries.put(text(name), node);
        return answer(node, out);
    }

    @Override
    public void notifier(final LongConsumer consumer) {
        notifier = consumer;
    }

    @Override
    public synchronized int lookup(final Caller c, final long parent, final byte[] name, final Entry out) {
        final Node node = nodes.get(parent).entries.get(text(name));
        return node == null ? -Errno.ENOENT : answer(node, out);
    }

    @Override
    public synchronized void forget(final long node, final long count) {
        nodes.get(node).lookups -= count;
    }

    @Override
    public synchronized int getattr(final long node, final long fh, final Attributes out) {
        out.copyFrom(nodes.get(node).attributes);
        return 0;
    }

    @Override
    public synchronized int setattr(final Caller c, final long node, final long fh, final int valid,
                                    final SetAttributes in, final Attributes out) {
        final Node found = nodes.get(node);
        final Attributes a = found.attributes;
        if ((valid & SetAttributes.MODE) != 0) {
            a.mode = a.mode & S_IFMT | in.mode & ~S_IFMT;
        }
        if ((valid & SetAttributes.UID) != 0) {
            a.uid = in.uid;
        }
        if ((valid & SetAttributes.GID) != 0) {
            a.gid = in.gid;
        }
        if ((valid & SetAttributes.SIZE) != 0) {
            found.data = Arrays.copyOf(found.data, (int) in.size);
            a.size = in.size;
        }
        if ((valid & SetAttributes.MTIME) != 0 && (valid & SetAttributes.MTIME_NOW) == 0) {
            a.mtimeSeconds = in.mtimeSeconds;
            a.mtimeNanos = in.mtimeNanos;
        }
        if ((valid & SetAttributes.ATIME) != 0 && (valid & SetAttributes.ATIME_NOW) == 0) {
            a.atimeSeconds = in.atimeSeconds;
            a.atimeNanos = in.atimeNanos;
        }
        out.copyFrom(a);
        return 0;
    }

    @Override
    public long attrTimeoutNanos() {
        return 1_000_000_000L;
    }

    @Override
    public synchronized int readlink(final long node, final byte[] target) {
        final byte[] data = nodes.get(node).data;
        System.arraycopy(data, 0, target, 0, data.length);
        return data.length;
    }

    @Override
    public synchronized int mknod(final Caller c, final long parent, final byte[] name, final int mode,
                                  final int umask, final long rdev, final Entry out) {
        final int result = insert(c, parent, name, mode, umask, out);
        if (result == 0) {
            nodes.get(out.node).attributes.rdev = rdev;
            out.attributes.rdev = rdev;
        }
        return result;
    }

    @Override
    public synchronized int mkdir(final Caller c, final long parent, final byte[] name, final int mode,
                                  final int umask, final Entry out) {
        return insert(c, parent, name, S_IFDIR | mode, umask, out);
    }

    @Override
    public synchronized int unlink(final Caller c, final long parent, final byte[] name) {
        final Node node = nodes.get(parent).entries.remove(text(name));
        if (node == null) {
            return -Errno.ENOENT;
        }
        node.attributes.nlink--;
        return 0;
    }

    @Override
    public synchronized int rmdir(final Caller c, final long parent, final byte[] name) {
        final Node node = nodes.get(parent).entries.get(text(name));
        if (node == null) {
            return -Errno.ENOENT;
        }
        if (!node.entries.isEmpty()) {
            return -Errno.ENOTEMPTY;
        }
        nodes.get(parent).entries.remove(text(name));
        return 0;
    }

    @Override
    public synchronized int symlink(final Caller c, final byte[] target, final long parent, final byte[] name,
                                    final Entry out) {
        final int result = insert(c, parent, name, S_IFLNK | 0777, 0, out);
        if (result == 0) {
            nodes.get(out.node).data = target;
            nodes.get(out.node).attributes.size = target.length;
        }
        return result;
    }

    @Override
    public synchronized int rename(final Caller c, final long parent, final byte[] name, final long newParent,
                                   final byte[] newName) {
        final Node node = nodes.get(parent).entries.remove(text(name));
        if (node == null) {
            return -Errno.ENOENT;
        }
        nodes.get(newParent).entries.put(text(newName), node);
        return 0;
    }

    @Override
    public synchronized int link(final Caller c, final long node, final long newParent, final byte[] newName,
                                 final Entry out) {
        final Node found = nodes.get(node);
        nodes.get(newParent).entries.put(text(newName), found);
        found.attributes.nlink++;
        return answer(found, out);
    }

    private int handle(final Node node, final OpenResult out) {
        out.set(nextHandle++, false, false);
        handles.put(out.fh, node);
        return 0;
    }

    @Override
    public synchronized int open(final Caller c, final long node, final int flags, final OpenResult out) {
        final Node found = nodes.get(node);
        if ((flags & O_TRUNC) != 0) {
            found.data = new byte[0];
            found.attributes.size = 0;
        }
        return handle(found, out);
    }

    @Override
    public synchronized int create(final Caller c, final long parent, final byte[] name, final int mode,
                                   final int umask, final int flags, final Entry entry, final OpenResult out) {
        final int result = insert(c, parent, name, S_IFREG | mode & ~S_IFMT, umask, entry);
        return result == 0 ? handle(nodes.get(entry.node), out) : result;
    }

    @Override
    public synchronized int read(final long node, final long fh, final long offset, final long address,
                                 final int length) {
        final Node found = handles.get(fh);
        final int count = Math.clamp(found.attributes.size - offset, 0, length);
        if (count > 0) {
            OffHeap.copyFromArray(found.data, (int) offset, address, count);
        }
        return count;
    }

    @Override
    public synchronized int write(final long node, final long fh, final long offset, final long address,
                                  final int length) {
        final Node found = handles.get(fh);
        final int end = (int) offset + length;
        if (end > found.data.length) {
            found.data = Arrays.copyOf(found.data, Math.max(end, 2 * found.data.length));
        }
        OffHeap.copyToArray(address, found.data, (int) offset, length);
        if (end > found.attributes.size) {
            found.attributes.size = end;
        }
        return length;
    }

    @Override
    public int flush(final long fh) {
        return 0;
    }

    @Override
    public synchronized int release(final long fh) {
        handles.remove(fh);
        return 0;
    }

    @Override
    public int fsync(final long fh, final boolean dataOnly) {
        return 0;
    }

    @Override
    public synchronized int opendir(final Caller c, final long node, final OpenResult out) {
        return handle(nodes.get(node), out);
    }

    @Override
    public synchronized int readdir(final long fh, final long offset, final DirectorySink sink) {
        long position = 0;
        for (final Map.Entry<String, Node> entry : handles.get(fh).entries.entrySet()) {
            position++;
            final Attributes a = entry.getValue().attributes;
            if (position > offset && !sink.add(bytes(entry.getKey()), a.ino, (a.mode & S_IFMT) >>> 12, position)) {
                return 0;
            }
        }
        return 0;
    }

    @Override
    public int releasedir(final long fh) {
        return release(fh);
    }

    @Override
    public int fsyncdir(final long fh, final boolean dataOnly) {
        return 0;
    }

    @Override
    public int statfs(final long node, final FileSystemStatistics out) {
        out.blockSize = 4096;
        out.fragmentSize = 4096;
        out.blocks = 1_000_000;
        out.blocksFree = 500_000;
        out.blocksAvailable = 400_000;
        out.files = 1000;
        out.filesFree = 900;
        out.nameLength = 255;
        return 0;
    }

    @Override
    public synchronized int setxattr(final Caller c, final long node, final byte[] name, final byte[] value,
                                     final int flags) {
        nodes.get(node).extended.put(text(name), value);
        return 0;
    }

    @Override
    public synchronized int getxattr(final long node, final byte[] name, final byte[] value) {
        final byte[] found = nodes.get(node).extended.get(text(name));
        return found == null ? -Errno.ENODATA : fill(found, value);
    }

    @Override
    public synchronized int listxattr(final long node, final byte[] list) {
        return fill(bytes(String.join("", nodes.get(node).extended.keySet().stream()
            .map(name -> name + "\0").toList())), list);
    }

    private static int fill(final byte[] from, final byte[] to) {
        if (to.length != 0) {
            if (to.length < from.length) {
                return -Errno.ERANGE;
            }
            System.arraycopy(from, 0, to, 0, from.length);
        }
        return from.length;
    }

    @Override
    public synchronized int removexattr(final Caller c, final long node, final byte[] name) {
        return nodes.get(node).extended.remove(text(name)) == null ? -Errno.ENODATA : 0;
    }

    @Override
    public int access(final Caller c, final long node, final int mask) {
        return 0;
    }

    @Override
    public synchronized int fallocate(final long node, final long fh, final int mode, final long offset,
                                      final long length) {
        final Node found = nodes.get(node);
        if (mode == 0 && offset + length > found.data.length) {
            found.data = Arrays.copyOf(found.data, (int) (offset + length));
            found.attributes.size = offset + length;
        }
        return mode == 0 ? 0 : -Errno.EOPNOTSUPP;
    }

    @Override
    public void close() {
        // Nothing but heap.
    }
}
