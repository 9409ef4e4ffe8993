package io.quire.engine.linear;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

import io.quire.engine.linear.WordOperation.Effect;

/**
 * Records what threads do to words, each in a buffer of its own, by a common clock.
 *
 * <p>The clock is one counter, moved by an atomic addition at each call and return. So an operation that ended before another
 * began has the smaller tick, and its stores are visible by then: a plain store that still waits in the processor when its
 * thread says "done" would otherwise look like a lost write. Records are read when the threads have ended.
 */
final class HistoryRecorder {
    private static final int FIELDS = 5;

    private final AtomicLong clock = new AtomicLong();
    private final List<Track> tracks = new ArrayList<>();

    /** Something worth knowing when a history is bad. */
    private record Note(long time, int thread, String what) {
    }

    /** The records of one thread. Used by that thread only. */
    final class Track {
        private final int thread;
        private long[] records = new long[FIELDS * 4096];
        private int used;
        private final List<Note> notes = new ArrayList<>();

        private Track(final int thread) {
            this.thread = thread;
        }

        /** Says what the thread is about to do, or how it ended. */
        void note(final String what) {
            notes.add(new Note(clock.get(), thread, what));
        }

        void add(final long word, final Effect effect, final long value, final long invoked, final long returned) {
            if (used == records.length) {
                records = Arrays.copyOf(records, 2 * records.length);
            }
            records[used++] = word;
            records[used++] = effect.ordinal();
            records[used++] = value;
            records[used++] = invoked;
            records[used++] = returned;
        }
    }

    /** The buffer of a further thread. */
    synchronized Track track() {
        final Track track = new Track(tracks.size());
        tracks.add(track);
        return track;
    }

    long tick() {
        return clock.incrementAndGet();
    }

    /** What the threads said between two ticks, in order. */
    synchronized String notes(final long from, final long to) {
        return tracks.stream().flatMap(track -> track.notes.stream()).filter(note -> note.time >= from && note.time <= to)
            .sorted(Comparator.comparingLong(Note::time))
            .map(note -> "\n    " + note.time + " thread " + note.thread + " " + note.what).collect(Collectors.joining());
    }

    /** All records, by word. */
    synchronized Map<Long, List<WordOperation>> byWord() {
        final Map<Long, List<WordOperation>> words = new HashMap<>();
        final Effect[] effects = Effect.values();
        for (final Track track : tracks) {
            final long[] r = track.records;
            for (int i = 0; i < track.used; i += FIELDS) {
                words.computeIfAbsent(r[i], word -> new ArrayList<>())
                    .add(new WordOperation(effects[(int) r[i + 1]], r[i + 2], r[i + 3], r[i + 4], track.thread));
            }
        }
        return new TreeMap<>(words);
    }
}
