package io.quire.fuse.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;

import org.junit.jupiter.api.Test;

/** Reading traces that are whole, cut off, damaged or something else. */
class TraceReaderTest extends TraceFixture {
    private static final int RECORDS = 5;
    private static final String[] REFUSALS = {"damaged", "not a trace", "of version", "other byte order", "cut off within its header"};

    @Test
    void everyChangedByteOfAnEndedTraceIsFound() throws IOException {
        final byte[] good = Files.readAllBytes(small("good", RECORDS));
        for (int i = 0; i < good.length; i++) {
            for (final int change : new int[] {1, 0x80, 0xff}) {
                final byte[] bad = good.clone();
                bad[i] ^= (byte) change;
                assertRefused(bad, "byte " + i + " changed by " + change);
            }
        }
    }

    @Test
    void everyChangedByteOfARecordThatAKilledDaemonLeftIsFound() throws IOException {
        final byte[] good = killed(Files.readAllBytes(small("good", RECORDS)));
        for (int i = 0; i < RECORDS * TraceLayout.RECORD_SIZE; i++) {
            final byte[] bad = good.clone();
            bad[TraceLayout.HEADER_SIZE + i] ^= 0x10;
            assertRefused(bad, "byte " + i + " of the records");
        }
    }

    @Test
    void recordsThatChangedPlacesAreFound() throws IOException {
        final byte[] bytes = Files.readAllBytes(small("good", RECORDS));
        final int first = TraceLayout.HEADER_SIZE;
        final int second = first + TraceLayout.RECORD_SIZE;
        final byte[] record = Arrays.copyOfRange(bytes, first, second);
        System.arraycopy(bytes, second, bytes, first, TraceLayout.RECORD_SIZE);
        System.arraycopy(record, 0, bytes, second, TraceLayout.RECORD_SIZE);
        assertRefused(bytes, "two records exchanged");
    }

    @Test
    void aRecordThatWasTakenOutOfAnEndedTraceIsFound() throws IOException {
        final byte[] bytes = Files.readAllBytes(small("good", RECORDS));
        Arrays.fill(bytes, TraceLayout.HEADER_SIZE, TraceLayout.HEADER_SIZE + TraceLayout.RECORD_SIZE, (byte) 0);
        assertRefused(bytes, "a record wiped");
    }

    @Test
    void bytesBehindTheEndAreFound() throws IOException {
        final byte[] good = Files.readAllBytes(small("good", RECORDS));
        for (final int more : new int[] {1, 63, 64, 65, 200_000}) {
            assertRefused(Arrays.copyOf(good, good.length + more), more + " bytes more");
        }
    }

    @Test
    void aTraceThatWasCopiedInPartIsRefusedWhateverItsLength() throws IOException {
        final byte[] good = Files.readAllBytes(small("good", RECORDS));
        for (int length = 0; length < good.length; length++) {
            final Path cut = file("cut", Arrays.copyOf(good, length));
            final int whole = (length - TraceLayout.HEADER_SIZE) / TraceLayout.RECORD_SIZE;
            assertThatThrownBy(() -> TraceReader.open(cut)).isInstanceOf(TraceException.class)
                .hasMessageContaining(length == 0 ? "is empty" : length < TraceLayout.HEADER_SIZE ? "cut off within its header"
                    : cut + " is cut off: it holds " + whole + " of its " + RECORDS + " records; copy it again");
        }
    }

    @Test
    void aKilledDaemonsTraceIsReadAtAnyLength() throws IOException {
        final byte[] good = killed(Files.readAllBytes(small("good", RECORDS)));
        for (int length = TraceLayout.HEADER_SIZE; length < TraceLayout.HEADER_SIZE + 8 * TraceLayout.RECORD_SIZE; length++) {
            final TraceReader reader = TraceReader.open(file("cut", Arrays.copyOf(good, length)));
            final int whole = Math.min(RECORDS, (length - TraceLayout.HEADER_SIZE) / TraceLayout.RECORD_SIZE);
            assertThat(reader.records()).isEqualTo(whole);
            assertThat(reader.missing()).isEqualTo(RECORDS - whole);
            assertThat(reader.hasNoEnd()).isTrue();
        }
    }

    @Test
    void recordsThatWereNeverFinishedAreHolesInAKilledDaemonsTrace() throws IOException {
        final byte[] bytes = killed(Files.readAllBytes(small("good", RECORDS)));
        final ByteBuffer trace = buffer(bytes);
        // One was claimed only, one was written and not published, and two more slots had been claimed.
        Arrays.fill(bytes, record(1), record(2), (byte) 0);
        trace.putLong(record(3) + TraceLayout.STAMP_OFFSET, 0);
        trace.putLong(TraceLayout.CLAIMED_OFFSET, RECORDS + 2);
        final TraceReader reader = TraceReader.open(file("holes", bytes));
        assertThat(reader.records()).isEqualTo(RECORDS - 2);
        assertThat(reader.missing()).isEqualTo(4);
        assertThat(shown(at("holes"))).extracting(line -> line.substring(0, 1)).containsExactly("0", "2", "4");
    }

    @Test
    void recordsAheadOfTheHeaderCount() throws IOException {
        final byte[] bytes = killed(Files.readAllBytes(small("good", RECORDS)));
        // After a crash of the machine the header may be older than the records.
        buffer(bytes).putLong(TraceLayout.CLAIMED_OFFSET, 0);
        buffer(bytes).putLong(record(1) + TraceLayout.STAMP_OFFSET, 0);
        final TraceReader reader = TraceReader.open(file("ahead", bytes));
        assertThat(reader.records()).isEqualTo(RECORDS - 1);
        assertThat(reader.missing()).isEqualTo(1);
    }

    @Test
    void aTraceOfTheOtherByteOrderIsNamedAsSuch() throws IOException {
        final byte[] bytes = Files.readAllBytes(small("good", RECORDS));
        final ByteBuffer header = buffer(bytes);
        header.putInt(TraceLayout.BYTE_ORDER_OFFSET, Integer.reverseBytes(TraceLayout.BYTE_ORDER));
        header.putInt(TraceLayout.VERSION_OFFSET, Integer.reverseBytes(TraceLayout.VERSION));
        assertThatThrownBy(() -> TraceReader.open(file("foreign", bytes))).isInstanceOf(TraceException.class)
            .hasMessageContaining("other byte order");
    }

    @Test
    void aTraceOfAnotherVersionIsNamedAsSuchWhereverThatVersionKeepsItsCheck() throws IOException {
        final byte[] bytes = Files.readAllBytes(small("good", RECORDS));
        final ByteBuffer header = buffer(bytes);
        header.putInt(TraceLayout.VERSION_OFFSET, 2);
        assertThatThrownBy(() -> TraceReader.open(file("newer", bytes))).isInstanceOf(TraceException.class)
            .hasMessageContaining("of version 2").hasMessageContaining("reads version 1");
        header.putLong(TraceLayout.HEADER_CHECK_OFFSET, TraceHeader.check(header));
        assertThatThrownBy(() -> TraceReader.open(file("newer", bytes))).isInstanceOf(TraceException.class)
            .hasMessageContaining("of version 2").hasMessageContaining("reads version 1");
    }

    @Test
    void whatIsNoFileIsRefused() throws Exception {
        assertThatThrownBy(() -> TraceReader.open(directory)).isInstanceOf(TraceException.class)
            .hasMessageContaining("is a directory");
        assertThatThrownBy(() -> TraceReader.open(at("none"))).isInstanceOf(TraceException.class)
            .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> TraceReader.open(Path.of("/dev/zero"))).isInstanceOf(TraceException.class)
            .hasMessageContaining("not a regular file");
    }

    @Test
    void aCompressedTraceReadsTheSame() throws IOException {
        final List<String> all = shown(small("good", RECORDS));
        final Path compressed = file("good.gz", compressed(Files.readAllBytes(at("good"))));
        assertThat(shown(compressed)).isEqualTo(all);
        assertThat(TraceReader.open(compressed).hasNoEnd()).isFalse();
    }

    @Test
    void aCompressedTraceCutAtAnyLengthIsRefusedAsOneThatIsNotCompressed() throws IOException {
        final byte[] ended = Files.readAllBytes(small("good", 3000));
        for (final byte[] trace : List.of(ended, killed(ended))) {
            final byte[] good = compressed(trace);
            for (int length = 0; length < good.length; length += 1 + (length < good.length - 20 ? length / 50 : 0)) {
                final Path cut = file("cut.gz", Arrays.copyOf(good, length));
                assertThatThrownBy(() -> TraceReader.open(cut)).as("%d of %d bytes", length, good.length)
                    .isInstanceOf(TraceException.class).message()
                    .matches("(?s).*(is empty|cut off within its header|not a trace|is cut off: its? .* records; copy it again).*");
            }
        }
    }

    @Test
    void whatStandsBehindACompressedTraceIsFound() throws IOException {
        final byte[] good = compressed(Files.readAllBytes(small("good", 3000)));
        for (final byte[] more : List.of(new byte[1], new byte[9], "junk".getBytes(StandardCharsets.UTF_8), new byte[100_000],
            Arrays.copyOf(good, 12), Arrays.copyOf(good, good.length - 1), new byte[] {0x1f}, new byte[] {0x1f, (byte) 0x8b, 7})) {
            final byte[] longer = Arrays.copyOf(good, good.length + more.length);
            System.arraycopy(more, 0, longer, good.length, more.length);
            final Path file = file("more.gz", longer);
            assertThatThrownBy(() -> TraceReader.open(file)).as("%d bytes", more.length).isInstanceOf(TraceException.class)
                .message().startsWith(file.toString()).containsAnyOf("damaged", "cut off");
        }
    }

    @Test
    void whatStandsBehindACompressedTraceIsFoundWhereverTheReadersBufferEnds() throws IOException {
        final byte[] good = compressed(Files.readAllBytes(small("good", RECORDS)));
        final List<String> all = shown(at("good"));
        for (int length = (1 << 16) - 10; length <= (1 << 16) + 10; length++) {
            final byte[] padded = padded(good, length);
            assertThat(shown(file("padded.gz", padded))).as("%d bytes", length).isEqualTo(all);
            for (int more = 1; more <= 3; more++) {
                final Path file = file("more.gz", Arrays.copyOf(padded, length + more));
                assertThatThrownBy(() -> TraceReader.open(file)).as("%d bytes and %d more", length, more)
                    .isInstanceOf(TraceException.class).hasMessageContaining("other bytes follow");
            }
        }
    }

    /** As long as is asked for, by an extra field of RFC 1952. */
    private static byte[] padded(final byte[] compressed, final int length) {
        final int header = 10;
        final byte[] padded = new byte[length];
        System.arraycopy(compressed, 0, padded, 0, header);
        padded[3] = 4;
        final int extra = length - compressed.length - Short.BYTES;
        padded[header] = (byte) extra;
        padded[header + 1] = (byte) (extra >> Byte.SIZE);
        System.arraycopy(compressed, header, padded, header + Short.BYTES + extra, compressed.length - header);
        return padded;
    }

    @Test
    void aTraceThatWasCompressedInPiecesOrWithANameReadsTheSame() throws IOException {
        final byte[] trace = Files.readAllBytes(small("good", 3000));
        final List<String> all = shown(at("good"));
        final byte[] first = compressed(Arrays.copyOf(trace, 70_001));
        final byte[] second = compressed(Arrays.copyOfRange(trace, 70_001, trace.length));
        // With extra bytes, a name and a comment, as RFC 1952 has them.
        final byte[] fields = {3, 0, 'a', 'b', 'c', 'n', 0, 'c', 'o', 0};
        first[3] = 4 | 8 | 16;
        final ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.write(first, 0, 10);
        both.write(fields);
        both.write(first, 10, first.length - 10);
        both.write(second);
        assertThat(shown(file("both.gz", both.toByteArray()))).isEqualTo(all);
    }

    @Test
    void aChangedByteOfACompressedTraceNeverShowsOtherRecords() throws IOException {
        final List<String> all = shown(small("good", 200));
        final byte[] good = compressed(Files.readAllBytes(at("good")));
        for (int i = 0; i < good.length; i++) {
            final byte[] bad = good.clone();
            bad[i] ^= 0x21;
            try {
                assertThat(all).containsAll(shown(file("bad.gz", bad)));
            } catch (final TraceException e) {
                assertThat(e.getMessage()).startsWith(at("bad.gz").toString());
            }
        }
    }

    @Test
    void aTraceThatChangesBetweenTwoPassesIsNoticed() throws IOException {
        final TraceReader reader = TraceReader.open(small("good", RECORDS));
        Files.write(at("good"), Arrays.copyOf(Files.readAllBytes(at("good")), record(2)));
        assertThatThrownBy(() -> reader.forEach(record -> { })).isInstanceOf(TraceException.class)
            .hasMessageContaining("was changed");
    }

    @Test
    void whatTheConsumerThrowsComesOutAsItIs() throws IOException {
        final TraceReader reader = TraceReader.open(small("good", RECORDS));
        final IOException thrown = new IOException("the consumer's own");
        assertThatThrownBy(() -> reader.forEach((RecordConsumer<IOException>) record -> {
            throw thrown;
        })).isSameAs(thrown);
    }

    private void assertRefused(final byte[] bytes, final String how) throws IOException {
        final Path file = file("bad", bytes);
        assertThatThrownBy(() -> TraceReader.open(file)).as(how).isInstanceOf(TraceException.class)
            .satisfies(e -> assertThat(e.getMessage()).startsWith(file.toString()).containsAnyOf(REFUSALS));
    }

    private static int record(final int number) {
        return TraceLayout.HEADER_SIZE + number * TraceLayout.RECORD_SIZE;
    }

    private static byte[] compressed(final byte[] bytes) throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }
}
