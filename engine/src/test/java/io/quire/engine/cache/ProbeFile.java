package io.quire.engine.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.ExtentMap;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;
import io.quire.engine.store.StoreFile;

/**
 * A sparse store file in plain memory whose calls a test can list, stop, shorten and fail. Sizes up to 2^63 - 1.
 *
 * <p>A {@link Behaviour} runs outside the file's monitor, so a call that is stopped in it holds up no other call: before the
 * call takes effect, or after it took effect and before the cache sees the result.
 */
public final class ProbeFile implements StoreFile {
    private static final int CHUNK = 4096;

    /** The operations of a store file. */
    public enum Kind { READ, WRITE, TRUNCATE, PUNCH, ALLOCATE, SYNC, ATTRIBUTES, CLOSE, MAP }

    /** One call, as it was asked for. */
    public record Call(Kind kind, long offset, long length) {
        public boolean is(final Kind wanted) {
            return kind == wanted;
        }

        public boolean touches(final long position) {
            return offset <= position && position - offset < length;
        }
    }

    /** What a test does to the calls. */
    public interface Behaviour {
        default void before(final Call call) throws StoreException {
        }

        /** Most bytes that a transfer moves. */
        default long limit(final Call call) {
            return Long.MAX_VALUE;
        }

        default void after(final Call call) throws StoreException {
        }
    }

    /** Runs before a call takes effect. */
    @FunctionalInterface
    public interface Before {
        void call(Call call) throws StoreException;
    }

    private final TreeMap<Long, byte[]> chunks = new TreeMap<>();
    private final List<Call> calls = Collections.synchronizedList(new ArrayList<>());
    private volatile Behaviour behaviour = new Behaviour() { };
    private volatile boolean closed;
    private long size;
    private long clock = 1;

    public void behave(final Behaviour next) {
        behaviour = next;
    }

    public void before(final Before action) {
        behaviour = new Behaviour() {
            @Override
            public void before(final Call call) throws StoreException {
                action.call(call);
            }
        };
    }

    public void after(final Before action) {
        behaviour = new Behaviour() {
            @Override
            public void after(final Call call) throws StoreException {
                action.call(call);
            }
        };
    }

    public void behaveWell() {
        behaviour = new Behaviour() { };
    }

    public List<Call> calls(final Kind kind) {
        synchronized (calls) {
            return calls.stream().filter(call -> call.kind == kind).toList();
        }
    }

    public void forgetCalls() {
        calls.clear();
    }

    public boolean isClosed() {
        return closed;
    }

    // ---- a change from outside: not seen by behaviours, not listed ----

    public synchronized void outsideWrite(final long offset, final byte[] bytes) {
        put(offset, bytes, bytes.length);
        clock++;
    }

    public synchronized void outsideTruncate(final long newSize) {
        cut(newSize);
        clock++;
    }

    public synchronized byte[] content(final long offset, final int length) {
        final byte[] bytes = new byte[(int) Math.max(0, Math.min(length, size - offset))];
        get(offset, bytes);
        return bytes;
    }

    synchronized long storedSize() {
        return size;
    }

    // ---- the service ----

    @Override
    public long read(final long offset, final IoVector target) throws StoreException {
        final Call call = begin(Kind.READ, offset, target.bytes());
        final byte[] bytes;
        synchronized (this) {
            final long there = Math.min(Math.min(target.bytes(), behaviour.limit(call)), Math.max(0, size - offset));
            bytes = new byte[(int) there];
            get(offset, bytes);
        }
        int done = 0;
        for (int i = 0; i < target.count() && done < bytes.length; i++) {
            final int n = (int) Math.min(target.length(i), bytes.length - done);
            OffHeap.copyFromArray(bytes, done, target.address(i), n);
            done += n;
        }
        behaviour.after(call);
        return bytes.length;
    }

    @Override
    public long write(final long offset, final IoVector source) throws StoreException {
        final Call call = begin(Kind.WRITE, offset, source.bytes());
        final byte[] bytes = new byte[(int) Math.min(source.bytes(), behaviour.limit(call))];
        int done = 0;
        for (int i = 0; i < source.count() && done < bytes.length; i++) {
            final int n = (int) Math.min(source.length(i), bytes.length - done);
            OffHeap.copyToArray(source.address(i), bytes, done, n);
            done += n;
        }
        synchronized (this) {
            put(offset, bytes, bytes.length);
            clock++;
        }
        behaviour.after(call);
        return bytes.length;
    }

    @Override
    public void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
        final Call call = begin(Kind.MAP, offset, length);
        synchronized (this) {
            target.begin(offset);
            while (target.end() < Math.min(size, offset + length)) {
                target.add(Math.min((target.end() / CHUNK + 1) * CHUNK, Math.min(size, offset + length)),
                    !chunks.containsKey(target.end() / CHUNK));
            }
            target.add(offset + length, true);
        }
        behaviour.after(call);
    }

    @Override
    public void truncate(final long newSize) throws StoreException {
        final Call call = begin(Kind.TRUNCATE, newSize, 0);
        synchronized (this) {
            cut(newSize);
            clock++;
        }
        behaviour.after(call);
    }

    @Override
    public void punch(final long offset, final long length) throws StoreException {
        final Call call = begin(Kind.PUNCH, offset, length);
        synchronized (this) {
            final long end = Math.min(offset + length, size);
            if (offset < end) {
                final long oldSize = size;
                zero(offset, end);
                size = oldSize;
            }
            clock++;
        }
        behaviour.after(call);
    }

    @Override
    public void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
        final Call call = begin(Kind.ALLOCATE, offset, length);
        synchronized (this) {
            if (!keepSize) {
                size = Math.max(size, offset + length);
            }
            clock++;
        }
        behaviour.after(call);
    }

    @Override
    public void sync(final boolean dataOnly) throws StoreException {
        behaviour.after(begin(Kind.SYNC, 0, 0));
    }

    @Override
    public void attributes(final StoreAttributes target) throws StoreException {
        final Call call = begin(Kind.ATTRIBUTES, 0, 0);
        synchronized (this) {
            target.size = size;
            target.modified = clock;
            target.changed = clock;
        }
        behaviour.after(call);
    }

    @Override
    public void close() throws StoreException {
        final Call call = begin(Kind.CLOSE, 0, 0);
        closed = true;
        behaviour.after(call);
    }

    private Call begin(final Kind kind, final long offset, final long length) throws StoreException {
        if (closed) {
            throw new StoreException(Errno.EBADF, "call " + kind + " of a closed store file");
        }
        final Call call = new Call(kind, offset, length);
        calls.add(call);
        behaviour.before(call);
        return call;
    }

    // ---- content, under the monitor ----

    private void get(final long offset, final byte[] bytes) {
        int done = 0;
        while (done < bytes.length) {
            final long position = offset + done;
            final int from = (int) (position % CHUNK);
            final int n = Math.min(CHUNK - from, bytes.length - done);
            final byte[] chunk = chunks.get(position / CHUNK);
            if (chunk != null) {
                System.arraycopy(chunk, from, bytes, done, n);
            }
            done += n;
        }
    }

    private void put(final long offset, final byte[] bytes, final int length) {
        int done = 0;
        while (done < length) {
            final long position = offset + done;
            final int from = (int) (position % CHUNK);
            final int n = Math.min(CHUNK - from, length - done);
            System.arraycopy(bytes, done, chunks.computeIfAbsent(position / CHUNK, k -> new byte[CHUNK]), from, n);
            done += n;
        }
        if (length > 0) {
            size = Math.max(size, offset + length);
        }
    }

    private void cut(final long newSize) {
        if (newSize < size) {
            zero(newSize, size);
        }
        size = newSize;
    }

    private void zero(final long from, final long to) {
        final long firstWhole = (from + CHUNK - 1 >>> 12);
        final long endWhole = to >>> 12;
        if (firstWhole < endWhole) {
            chunks.subMap(firstWhole, endWhole).clear();
        }
        zeroPart(from, Math.min(to, firstWhole << 12 < 0 ? to : firstWhole << 12));
        zeroPart(Math.max(from, endWhole << 12), to);
    }

    private void zeroPart(final long from, final long to) {
        final byte[] chunk = from < to ? chunks.get(from / CHUNK) : null;
        if (chunk != null) {
            java.util.Arrays.fill(chunk, (int) (from % CHUNK), (int) (from % CHUNK + (to - from)), (byte) 0);
        }
    }
}
