package io.quire.fuse.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * File names are bytes to Linux. Here they are strings in which each byte that is not part of valid UTF-8 appears as
 * one lone surrogate, U+DC00 + byte, so that every name has exactly one string and comes back byte for byte (the scheme
 * is Python's "surrogateescape", PEP 383).
 */
final class NativeNames {
    private static final char ESCAPE = 0xDC00;

    private NativeNames() {
    }

    static String decode(final byte[] name) {
        final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
        final ByteBuffer in = ByteBuffer.wrap(name);
        final CharBuffer out = CharBuffer.allocate(name.length);
        while (true) {
            final CoderResult result = decoder.decode(in, out, true);
            if (!result.isError()) {
                return out.flip().toString();
            }
            for (int i = result.length(); i > 0; i--) {
                out.put((char) (ESCAPE + (in.get() & 0xFF)));
            }
            decoder.reset();
        }
    }

    static byte[] encode(final String name) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream(name.length() + 16);
        for (int i = 0; i < name.length(); ) {
            final int point = name.codePointAt(i);
            if (isEscape(point)) {
                out.write(point - ESCAPE);
            } else {
                out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
            }
            i += Character.charCount(point);
        }
        return out.toByteArray();
    }

    /** Whether Java's own strings can name the file. */
    static boolean isUtf8(final String name) {
        return name.codePoints().noneMatch(NativeNames::isEscape);
    }

    /** The name as the shell's {@code printf %b} takes it, in ASCII only: the JVM passes arguments as UTF-8 at best. */
    static String printfEscaped(final String name) {
        final StringBuilder out = new StringBuilder();
        for (final byte b : encode(name)) {
            out.append(String.format("\\0%03o", b & 0xFF));
        }
        return out.toString();
    }

    private static boolean isEscape(final int point) {
        return point >= ESCAPE + 0x80 && point <= ESCAPE + 0xFF;
    }

    /**
     * The path of an existing file, byte for byte.
     *
     * @throws IOException when the file cannot be reached, which only happens for names that are not UTF-8
     */
    static Path path(final String name) throws IOException {
        try {
            return Path.of(name);
        } catch (final InvalidPathException notUtf8) {
            // Java makes no path from such a string, but it keeps the bytes of paths that the system gave it.
            final int descriptor = NativeCalls.openPath(name);
            try {
                return Path.of("/proc/self/fd/" + descriptor).toRealPath();
            } finally {
                NativeCalls.close(descriptor);
            }
        }
    }
}
