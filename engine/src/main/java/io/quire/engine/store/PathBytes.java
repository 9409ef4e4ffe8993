package io.quire.engine.store;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** The bytes of a path as the system wants them, whatever the encoding of the JVM. */
final class PathBytes {
    private PathBytes() {
    }

    /** A path's URI keeps its bytes one by one, which its string does not when they do not fit the encoding. */
    static byte[] of(final Path path) {
        final byte[] raw = path.toAbsolutePath().toUri().getRawPath().getBytes(StandardCharsets.US_ASCII);
        final byte[] bytes = new byte[raw.length];
        int length = 0;
        int i = 0;
        while (i < raw.length) {
            if (raw[i] == '%') {
                bytes[length++] = (byte) (Character.digit(raw[i + 1], 16) << 4 | Character.digit(raw[i + 2], 16));
                i += 3;
            } else {
                bytes[length++] = raw[i++];
            }
        }
        return Arrays.copyOf(bytes, length);
    }
}
