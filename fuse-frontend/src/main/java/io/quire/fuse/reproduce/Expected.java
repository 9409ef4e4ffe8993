package io.quire.fuse.reproduce;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a file must hold: plain bytes, changed as a write that copies front to back changes them. Bytes are never zero, so
 * that what was cut off or never written is told from what was.
 */
final class Expected {
    private static final int NOISE = 2 << 20;
    private static final byte[] RANDOM = noise();

    private final byte[] before;
    private final byte[] now;

    private Expected(final byte[] bytes) {
        this.before = bytes;
        this.now = bytes.clone();
    }

    /** The content of a file for a case of a run: others hold other bytes. */
    static Expected content(final int length, final int seed) {
        final byte[] bytes = new byte[length];
        final int start = (int) ((seed * 0x9E3779B97F4A7C15L >>> 16) % (NOISE - length));
        System.arraycopy(RANDOM, start, bytes, 0, length);
        return new Expected(bytes);
    }

    MemorySegment bytes() {
        return MemorySegment.ofArray(now);
    }

    int length() {
        return now.length;
    }

    /** Front to back, byte by byte, so that a source that the write itself has changed is read as changed. */
    void write(final List<Piece> pieces, final long offset) {
        int to = (int) offset;
        for (final Piece piece : pieces) {
            for (int i = 0, from = (int) piece.at(); i < piece.length(); i++) {
                now[to++] = now[from++];
            }
        }
    }

    /** What is wrong with what was read, or null. */
    String difference(final MemorySegment read) {
        if (read.byteSize() != now.length) {
            return "the file has " + read.byteSize() + " bytes, not " + now.length;
        }
        final long at = read.mismatch(bytes());
        return at < 0 ? null : at(at, read) + ", expected " + hex(now[(int) at]) + (before[(int) at] == now[(int) at] ? ""
            : read.get(ValueLayout.JAVA_BYTE, at) == before[(int) at] ? " (the byte before the write is there)" : "");
    }

    /**
     * What is wrong with what was read, or null, where several writes raced: each byte must be one of those that any of them
     * put there. Bytes that none of them wrote must be the old ones.
     *
     * @param mayBeOld  whether a written byte may be the old one
     * @param mayBeZero whether any byte may be zero
     */
    String difference(final MemorySegment read, final WriteCase tried, final boolean mayBeOld, final boolean mayBeZero) {
        if (read.byteSize() != now.length) {
            return "the file has " + read.byteSize() + " bytes, not " + now.length;
        }
        long first = Long.MAX_VALUE;
        long end = 0;
        final byte[][] written = new byte[tried.writers()][];
        for (int thread = 0; thread < written.length; thread++) {
            first = Math.min(first, tried.offset(thread));
            end = Math.max(end, tried.offset(thread) + tried.length());
            written[thread] = writtenBy(tried, thread);
        }
        for (int at = 0; at < now.length; at++) {
            if (at < first || at >= end) {
                // Nobody writes there: compared at once, up to where somebody does.
                final long until = at < first ? first : now.length;
                final long differs = MemorySegment.mismatch(read, at, until, MemorySegment.ofArray(before), at, until);
                if (differs < 0) {
                    at = (int) until - 1;
                    continue;
                }
                at += (int) differs;
            }
            final byte found = read.get(ValueLayout.JAVA_BYTE, at);
            boolean covered = false;
            boolean allowed = mayBeZero && found == 0;
            for (int thread = 0; thread < written.length; thread++) {
                final long inWrite = at - tried.offset(thread);
                if (inWrite >= 0 && inWrite < tried.length()) {
                    covered = true;
                    allowed |= found == written[thread][(int) inWrite];
                }
            }
            if (!allowed && !((!covered || mayBeOld) && found == before[at])) {
                return at(at, read) + ", which none of the writes put there";
            }
        }
        return null;
    }

    /** What one write alone puts where it writes. */
    private byte[] writtenBy(final WriteCase tried, final int thread) {
        final byte[] written = new byte[tried.length()];
        final long offset = tried.offset(thread);
        int done = 0;
        for (final Piece piece : tried.pieces(thread)) {
            for (int i = 0; i < piece.length(); i++, done++) {
                final long from = piece.at() + i;
                // A source within the range, before the byte it goes to, has been written by then.
                written[done] = from >= offset && from < offset + done ? written[(int) (from - offset)] : before[(int) from];
            }
        }
        return written;
    }

    private static String at(final long at, final MemorySegment read) {
        return "byte " + at + " (" + at % 4096 + " of page " + at / 4096 + ") is "
            + hex(read.get(ValueLayout.JAVA_BYTE, at));
    }

    private static String hex(final byte value) {
        return String.format("%02x", value);
    }

    private static byte[] noise() {
        final byte[] bytes = new byte[NOISE];
        new SplittableRandom(3).nextBytes(bytes);
        for (int i = 0; i < NOISE; i++) {
            bytes[i] = bytes[i] == 0 ? 1 : bytes[i];
        }
        return bytes;
    }
}
