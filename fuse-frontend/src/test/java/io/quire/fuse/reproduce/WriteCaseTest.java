package io.quire.fuse.reproduce;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The cases are what deadlock.md says they are, and the right bytes are well-defined for each (D4 to D6). */
class WriteCaseTest {
    private static final int PAGE = 4096;

    @Test
    @DisplayName("D4: the historic case maps two pages and takes its second piece from the page that holds the first")
    void theHistoricCaseTakesItsSecondPieceFromThePageThatHoldsTheFirst() {
        final WriteCase historic = WriteCase.historic();
        assertThat(historic.offset(0)).isEqualTo(8192 - 12);
        assertThat(historic.pieces(0)).containsExactly(new Piece(4096 - 12, historic.length()));
        assertThat(4096 - 12 + historic.length()).as("two pages are mapped").isLessThanOrEqualTo(2 * PAGE);
        assertThat(WriteCase.all().getFirst()).as("it is run first").isEqualTo(historic);
    }

    @Test
    @DisplayName("D4: each start is written across one, two and 33 page boundaries, cold and warm, from every source")
    void everyAlignmentIsThere() {
        final Set<WriteCase> cases = new HashSet<>(WriteCase.all());
        assertThat(cases).as("none twice").hasSameSizeAs(WriteCase.all());
        for (final int start : List.of(4096 - 12, 8192 - 12, 4096 - 1, 4096 + 1, 4096 + 511)) {
            for (final int boundaries : List.of(1, 2, 33)) {
                for (final WriteCase.Relation relation : WriteCase.Relation.values()) {
                    if (relation != WriteCase.Relation.BEHIND || start >= PAGE) {
                        assertThat(cases).contains(new WriteCase(WriteCase.Load.SINGLE, relation, start, boundaries, true),
                            new WriteCase(WriteCase.Load.SINGLE, relation, start, boundaries, false));
                    }
                }
            }
        }
        for (final WriteCase.Load load : WriteCase.Load.values()) {
            assertThat(cases).anyMatch(one -> one.load() == load && one.cold())
                .anyMatch(one -> one.load() == load && !one.cold());
        }
    }

    @Test
    @DisplayName("D4: a write crosses as many page boundaries as its case says, and its pieces fill it")
    void lengthsAreRight() {
        for (final WriteCase one : WriteCase.all()) {
            for (int thread = 0; thread < one.writers(); thread++) {
                final long first = one.offset(thread);
                final long last = first + one.length() - 1;
                if (thread == 0) {
                    assertThat(last / PAGE - first / PAGE).as(one.toString()).isEqualTo(one.boundaries());
                }
                assertThat(one.pieces(thread).stream().mapToInt(Piece::length).sum()).as(one.toString())
                    .isEqualTo(one.length());
                assertThat(last).as(one.toString()).isLessThan(one.fileLength());
            }
        }
    }

    @Test
    @DisplayName("D4: a page of the source is a page of the write, or one that the write comes to next")
    void sourceAndDestinationSharePages() {
        for (final WriteCase one : WriteCase.all()) {
            final boolean shares = one.load() == WriteCase.Load.OVERLAPPING || one.pieces(0).stream().anyMatch(piece ->
                piece.at() / PAGE <= (one.offset(0) + one.length() - 1) / PAGE
                    && (piece.at() + piece.length() - 1) / PAGE >= one.offset(0) / PAGE);
            assertThat(shares).as(one.toString()).isTrue();
        }
    }

    @Test
    @DisplayName("D5: a source that overlaps the written range is a page or more away, so that no copy overlaps itself")
    void overlappingSourcesAreAPageAway() {
        for (final WriteCase one : WriteCase.all()) {
            long to = one.offset(0);
            for (final Piece piece : one.pieces(0)) {
                final boolean apart = piece.at() + piece.length() <= one.offset(0)
                    || piece.at() >= one.offset(0) + one.length();
                assertThat(apart || Math.abs(piece.at() - to) >= PAGE).as(one + ", " + piece).isTrue();
                to += piece.length();
            }
        }
    }

    @Test
    @DisplayName("D6: where several threads write, nobody writes what another one reads")
    void threadsDoNotChangeEachOthersSources() {
        for (final WriteCase one : WriteCase.all()) {
            for (int writer = 0; writer < one.writers(); writer++) {
                for (int reader = 0; reader < one.writers() && one.writers() > 1; reader++) {
                    final long written = one.offset(writer);
                    final long writtenEnd = written + one.length();
                    assertThat(one.pieces(reader)).as(one.toString()).noneMatch(piece ->
                        piece.at() < writtenEnd && piece.at() + piece.length() > written);
                    assertThat(writer == reader || one.load() == WriteCase.Load.OVERLAPPING
                        || writtenEnd <= one.offset(reader) || written >= one.offset(reader) + one.length())
                        .as(one.toString()).isTrue();
                }
            }
        }
    }
}
