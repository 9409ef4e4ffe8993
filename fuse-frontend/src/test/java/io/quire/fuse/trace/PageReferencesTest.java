package io.quire.fuse.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

/** The reference string of a trace (traces.md, O8 and O9). */
class PageReferencesTest extends TraceFixture {
    private static final int SET_SIZE = 8;
    private static final int O_TRUNC = 0x200;

    @Test
    void readsAndWritesTouchThePagesOfWhatWasTransferred() throws TraceException {
        assertThat(pages(trace -> {
            record(trace, TraceKind.READ, 2, 1, 100, 8192, 4097, 0);
            record(trace, TraceKind.READ, 2, 1, 1 << 20, 4096, 0, 0);
            record(trace, TraceKind.READ, 2, 1, 0, 4096, -5, 0);
            record(trace, TraceKind.WRITE, 3, 1, 4095, 4098, 4098, 0);
        })).containsExactly("read 2 0", "read 2 1", "write 3 0 whole", "write 3 1 whole", "write 3 2 whole");
    }

    @Test
    void aWriteNeedsTheOldBytesOfAPageOnlyWhereThereAreAny() throws TraceException {
        assertThat(pages(trace -> {
            record(trace, TraceKind.LOOKUP, 1, 0, 0, 5000, 0, 2);
            record(trace, TraceKind.WRITE, 2, 1, 10, 20, 20, 0);
            record(trace, TraceKind.WRITE, 2, 1, 4096, 904, 904, 0);
            record(trace, TraceKind.WRITE, 2, 1, 4097, 903, 903, 0);
            record(trace, TraceKind.WRITE, 2, 1, 9000, 10, 10, 0);
            record(trace, TraceKind.WRITE, 2, 1, 0, 4096, 4096, 0);
        })).containsExactly("write 2 0", "write 2 1 whole", "write 2 1", "write 2 2 whole", "write 2 0 whole");
    }

    @Test
    void pagesGoWithTruncationPunchedHolesAndTheFile() throws TraceException {
        assertThat(pages(trace -> {
            record(trace, TraceKind.CREATE, 1, 7, 0, 0, 0, 2);
            record(trace, TraceKind.WRITE, 2, 7, 0, 20_000, 20_000, 0);
            record(trace, TraceKind.SETATTR, 2, 7, 5000, 5000, 0, SET_SIZE);
            record(trace, TraceKind.SETATTR, 2, 7, 9000, 9000, 0, SET_SIZE);
            record(trace, TraceKind.SETATTR, 2, 7, 0, 9000, 0, 1);
            record(trace, TraceKind.FALLOCATE, 2, 7, 1, 8192, 0, 3);
            record(trace, TraceKind.FALLOCATE, 2, 7, 1, 4096, 0, 3);
            record(trace, TraceKind.OPEN, 2, 8, 0, 0, 0, O_TRUNC);
            // The kernel forgets the file, but handles are open still.
            record(trace, TraceKind.FORGET, 2, 0, 0, 1, 0, 0);
            record(trace, TraceKind.RELEASE, 0, 7, 0, 0, 0, 0);
            record(trace, TraceKind.READ, 3, 1, 0, 10, 10, 0);
            record(trace, TraceKind.RELEASE, 0, 8, 0, 0, 0, 0);
        }).stream().filter(line -> !line.startsWith("write"))).containsExactly("removed 2 2 -", "removed 2 1 2",
            "removed 2 0 -", "read 3 0", "removed 2 0 -");
    }

    @Test
    void theLargestFilesWork() throws TraceException {
        final long last = Long.MAX_VALUE - 4096;
        assertThat(pages(trace -> record(trace, TraceKind.WRITE, 2, 1, last, 4096, 4096, 0)))
            .containsExactly("write 2 " + (last >>> 12) + " whole", "write 2 " + ((last >>> 12) + 1) + " whole");
    }

    /** Makes records. */
    @FunctionalInterface
    private interface Work {
        void record(TraceRecorder trace);
    }

    private List<String> pages(final Work work) throws TraceException {
        try (TraceRecorder trace = recorder("t")) {
            work.record(trace);
        }
        final List<String> pages = new ArrayList<>();
        TraceReader.open(at("t")).forEachPage(new PageConsumer() {
            @Override
            public void read(final long file, final long page) {
                pages.add("read " + file + " " + page);
            }

            @Override
            public void written(final long file, final long page, final boolean whole) {
                pages.add("write " + file + " " + page + (whole ? " whole" : ""));
            }

            @Override
            public void removed(final long file, final long from, final long to) {
                pages.add("removed " + file + " " + from + " " + (to == Long.MAX_VALUE ? "-" : to));
            }
        });
        return pages;
    }
}
