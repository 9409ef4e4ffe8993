package io.quire.fuse.reproduce;

import java.util.ArrayList;
import java.util.List;

/**
 * One case: a write whose source is a mapping of the file being written, so that pages of the source are pages of the
 * write. Source and destination are chosen so that the right bytes follow from copying front to back, whatever the
 * pieces that it is done in.
 *
 * @param load       who writes
 * @param relation   where the source lies
 * @param start      first byte written
 * @param boundaries how many page boundaries the written range crosses
 * @param cold       whether the caches are dropped before
 */
public record WriteCase(Load load, Relation relation, int start, int boundaries, boolean cold) {
    /** Threads of the cases with several. */
    static final int THREADS = 4;

    private static final int PAGE = 4096;
    private static final int END_IN_PAGE = 100;
    private static final int BEYOND = 77;
    private static final int OVERLAP_SHIFT = 700;
    private static final List<Integer> STARTS = List.of(PAGE - 12, 2 * PAGE - 12, PAGE - 1, PAGE + 1, PAGE + 511);
    private static final List<Integer> BOUNDARIES = List.of(1, 2, 33);

    /** Who writes, and what happens meanwhile. */
    public enum Load {
        /** One thread. */
        SINGLE("one thread"),
        /** Several threads, each a range of its own; the ranges share pages. */
        APART(THREADS + " threads, own ranges"),
        /** Several threads, ranges that overlap. */
        OVERLAPPING(THREADS + " threads, one range"),
        /** One thread writes, another one makes the file shorter and longer. */
        TRUNCATED("truncated meanwhile");

        private final String text;

        Load(final String text) {
            this.text = text;
        }
    }

    /** Where the source lies. */
    public enum Relation {
        /** The second piece comes from the page that the first piece is written to: the historic deadlock. */
        HEAD("second piece from the first page of the batch"),
        /** Directly behind the written range, so that it begins in the last page of the batch. */
        TAIL("source behind the range, from its last page on"),
        /** One page further on: each page is written from the next, which is written after it. */
        AHEAD("each page from the next one"),
        /** One page back: each page is written from the one before, which has just been written. */
        BEHIND("each page from the one before");

        private final String text;

        Relation(final String text) {
            this.text = text;
        }
    }

    /**
     * All cases, those that belong to one row of the table together.
     *
     * @return the cases, always in the same order
     */
    public static List<WriteCase> all() {
        // First, so that its report is the one that is shown.
        final List<WriteCase> cases = new ArrayList<>(List.of(historic()));
        for (final boolean cold : new boolean[] {true, false}) {
            for (final int boundaries : BOUNDARIES) {
                for (final int start : STARTS) {
                    for (final Relation relation : Relation.values()) {
                        final WriteCase one = new WriteCase(Load.SINGLE, relation, start, boundaries, cold);
                        if (!one.equals(historic()) && (relation != Relation.BEHIND || start >= PAGE)) {
                            cases.add(one);
                        }
                    }
                }
            }
            for (final Load load : List.of(Load.APART, Load.OVERLAPPING)) {
                for (final int boundaries : BOUNDARIES) {
                    cases.add(new WriteCase(load, Relation.TAIL, PAGE - 12, boundaries, cold));
                }
            }
            for (final int boundaries : BOUNDARIES) {
                cases.add(new WriteCase(Load.TRUNCATED, Relation.HEAD, 2 * PAGE - 12, boundaries, cold));
            }
        }
        return cases;
    }

    /**
     * The historic reproducer: two pages are mapped, and 8192 - 12 is written from 4096 - 12 on, so that the second piece comes
     * from the page that holds the first.
     *
     * @return the case, with nothing cached
     */
    public static WriteCase historic() {
        return new WriteCase(Load.SINGLE, Relation.BEHIND, 2 * PAGE - 12, 1, true);
    }

    /**
     * The row of the table that the case belongs to.
     *
     * @return such as {@code one thread, 2 page boundaries, cold}
     */
    public String group() {
        final String state = cold ? ", cold" : ", warm";
        return load != Load.SINGLE ? load.text + state
            : load.text + ", " + boundaries + (boundaries == 1 ? " page boundary" : " page boundaries") + state;
    }

    @Override
    public String toString() {
        final int pages = (start + PAGE / 2) / PAGE;
        final int rest = start - pages * PAGE;
        return load.text + ", " + length() + " bytes at " + pages * PAGE + (rest < 0 ? " - " : " + ") + Math.abs(rest)
            + " across " + boundaries + " page boundaries, " + relation.text + (cold ? ", cold" : ", warm");
    }

    /** Bytes that one write has. */
    int length() {
        return (start / PAGE + boundaries) * PAGE + END_IN_PAGE - start;
    }

    /** How many threads write. */
    int writers() {
        return load == Load.APART || load == Load.OVERLAPPING ? THREADS : 1;
    }

    /** Where a thread's write begins. */
    long offset(final int thread) {
        return switch (load) {
            case SINGLE, TRUNCATED -> start;
            // Source and destination of one thread, then those of the next, without a gap: neighbours share pages.
            case APART -> start + 2L * thread * length();
            case OVERLAPPING -> start + (long) thread * OVERLAP_SHIFT;
        };
    }

    /** Where a thread's bytes come from, in order; their lengths add up to {@link #length}. */
    List<Piece> pieces(final int thread) {
        final long offset = offset(thread);
        final int length = length();
        return switch (relation) {
            case HEAD -> head(offset, length);
            case TAIL -> List.of(new Piece(load == Load.OVERLAPPING ? behindAll() + (long) thread * length : offset + length,
                length));
            case AHEAD -> List.of(new Piece(offset + PAGE, length));
            case BEHIND -> List.of(new Piece(offset - PAGE, length));
        };
    }

    private static List<Piece> head(final long offset, final int length) {
        final int inPage = (int) (offset % PAGE);
        final int first = PAGE - inPage;
        final int second = Math.min(inPage, length - first);
        final List<Piece> pieces = new ArrayList<>();
        pieces.add(new Piece(offset + length, first));
        pieces.add(new Piece(offset - inPage, second));
        if (first + second < length) {
            pieces.add(new Piece(offset + length + first, length - first - second));
        }
        return pieces;
    }

    /** The end of what all threads write together. */
    private long behindAll() {
        return offset(THREADS - 1) + length();
    }

    /** Size of the file. */
    int fileLength() {
        long end = 0;
        for (int thread = 0; thread < writers(); thread++) {
            end = Math.max(end, offset(thread) + length());
            for (final Piece piece : pieces(thread)) {
                end = Math.max(end, piece.at() + piece.length());
            }
        }
        return (int) end + BEYOND;
    }
}
