package io.quire.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import io.quire.bench.report.RunFiles;

/** The file that a peer reads: as many bytes as the {@link Fixture} has, all of them in the kernel's page cache. */
final class PeerFile {
    private static final int CHUNK = 1 << 20;
    private static final long MOST_AT_A_TIME = 64L << 20;

    private PeerFile() {
    }

    /** Makes a file without a name, so that a killed benchmark leaves nothing behind; word by word it says where it is. */
    static FileChannel make(final FilePlace place, final long bytes) throws IOException {
        final Path path = RunFiles.file(place.directory());
        final FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            Files.delete(path);
            final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.nativeOrder());
            for (long at = 0; at < bytes; at += CHUNK) {
                for (int word = 0; word < CHUNK; word += Long.BYTES) {
                    chunk.putLong(word, at + word);
                }
                while (chunk.hasRemaining()) {
                    channel.write(chunk, at + chunk.position());
                }
                chunk.clear();
                if (at % MOST_AT_A_TIME == 0) {
                    channel.force(false);
                }
            }
            // What would be written to the disk later would be written while it is measured.
            channel.force(false);
            return channel;
        } catch (final IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }
}
