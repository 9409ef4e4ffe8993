package io.quire.fuse.reproduce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.quire.engine.store.Errno;

/** The judge is right about files that do right, and catches those that do not (D7, D8 of deadlock.md). */
@Timeout(300)
class CaseRunnerTest {
    private final CaseRunner runner = new CaseRunner();

    @AfterEach
    void end() {
        runner.close();
    }

    @Test
    @DisplayName("D7: a file that copies front to back passes every case")
    void aRightFilePasses() throws IOException {
        for (final WriteCase one : WriteCase.all()) {
            final Outcome outcome = run(one, new ArrayFile());
            assertThat(outcome.kind()).as(one + ": " + outcome.detail()).isEqualTo(Outcome.Kind.RIGHT);
        }
    }

    @Test
    @DisplayName("D7: one wrong byte is found in every case, wherever it is")
    void oneWrongByteIsFound() throws IOException {
        for (final WriteCase one : WriteCase.all()) {
            for (final long at : new long[] {0, one.offset(0), one.offset(0) + one.length() - 1, one.fileLength() - 1}) {
                assertThat(run(one, new ArrayFile() {
                    @Override
                    public synchronized long read(final MemorySegment into) {
                        final long n = super.read(into);
                        into.set(ValueLayout.JAVA_BYTE, at, wrong(one, bytes, (int) at));
                        return n;
                    }
                }).kind()).as("byte " + at + " of " + one).isEqualTo(Outcome.Kind.WRONG);
            }
        }
    }

    @Test
    @DisplayName("D7: a write that came short is gone on with")
    void aShortWriteIsGoneOnWith() throws IOException {
        for (final WriteCase one : WriteCase.all()) {
            final Outcome outcome = run(one, new ArrayFile() {
                @Override
                public synchronized Attempt write(final List<Piece> pieces, final long offset) {
                    final Piece first = pieces.getFirst();
                    return super.write(List.of(new Piece(first.at(), Math.min(first.length(), 1000))), offset);
                }
            });
            assertThat(outcome.kind()).as(one + ": " + outcome.detail()).isEqualTo(Outcome.Kind.RIGHT);
        }
    }

    @Test
    @DisplayName("D7: bytes that are right in the cache and wrong in the store are found")
    void aWrongStoreIsFound() throws IOException {
        assertThat(run(WriteCase.historic(), new ArrayFile() {
            private int cooled;

            @Override
            public void cool() {
                if (++cooled == 2) {
                    bytes[8192 - 12]++;
                }
            }
        })).satisfies(outcome -> {
            assertThat(outcome.kind()).isEqualTo(Outcome.Kind.WRONG);
            assertThat(outcome.detail()).contains("after the cached pages were dropped", "byte 8180 (4084 of page 1)");
        });
    }

    @Test
    @DisplayName("D7: an error of the write fails the case, and only a source beyond the end may be EFAULT")
    void errorsFail() throws IOException {
        assertThat(run(WriteCase.historic(), failing(Errno.EIO)).detail()).contains("at 8180", "EIO");
        assertThat(run(WriteCase.historic(), failing(Errno.EFAULT)).kind()).isEqualTo(Outcome.Kind.FAILED);
        final WriteCase truncated = WriteCase.all().stream()
            .filter(one -> one.load() == WriteCase.Load.TRUNCATED).findFirst().orElseThrow();
        assertThat(run(truncated, failing(Errno.EFAULT)).kind()).isEqualTo(Outcome.Kind.RIGHT);
        assertThat(run(truncated, failing(Errno.EIO)).kind()).isEqualTo(Outcome.Kind.FAILED);
    }

    @Test
    @DisplayName("D8: a reported deadlock counts as such only when the file is right and usable afterwards")
    void aReportCountsOnlyWithAUsableFile() throws IOException {
        final Outcome reported = run(WriteCase.historic(), failing(Errno.EDEADLK));
        assertThat(reported.kind()).isEqualTo(Outcome.Kind.REPORTED);
        assertThat(reported.detail()).isEqualTo("the report");
        assertThat(run(WriteCase.historic(), new ArrayFile() {
            private boolean reported;

            @Override
            public synchronized void fill(final MemorySegment content) {
                if (!reported) {
                    super.fill(content);
                }
            }

            @Override
            public synchronized Attempt write(final List<Piece> pieces, final long offset) {
                reported = true;
                return new Attempt(-Errno.EDEADLK, "the report");
            }
        }).detail()).contains("after a reported deadlock");
    }

    private Outcome run(final WriteCase one, final CaseFile file) throws IOException {
        return runner.run(one, file, CaseRunner.prepare(one, file, 1));
    }

    private static ArrayFile failing(final int errno) {
        return new ArrayFile() {
            @Override
            public synchronized Attempt write(final List<Piece> pieces, final long offset) {
                return new Attempt(-errno, errno == Errno.EDEADLK ? "the report" : null);
            }
        };
    }

    /** A byte that nobody may have put there. */
    private static byte wrong(final WriteCase one, final byte[] right, final int at) {
        for (int value = 1; value < 256; value++) {
            final byte candidate = (byte) value;
            boolean possible = candidate == right[at];
            final Expected content = Expected.content(one.fileLength(), 1);
            final byte[] before = content.bytes().toArray(ValueLayout.JAVA_BYTE);
            possible |= candidate == before[at];
            for (int thread = 0; thread < one.writers(); thread++) {
                final Expected alone = Expected.content(one.fileLength(), 1);
                alone.write(one.pieces(thread), one.offset(thread));
                possible |= candidate == alone.bytes().get(ValueLayout.JAVA_BYTE, at);
            }
            if (!possible) {
                return candidate;
            }
        }
        throw new AssertionError("every byte is possible");
    }
}
