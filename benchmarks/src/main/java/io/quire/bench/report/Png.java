package io.quire.bench.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

import javax.imageio.ImageIO;

/** A picture as a file holds it. Thread-safe, as nothing is kept. */
public final class Png {
    private Png() {
    }

    /**
     * Encodes a picture.
     *
     * @param image what
     * @return all bytes of the file
     * @throws IOException when this JDK cannot
     */
    public static byte[] of(final BufferedImage image) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (!ImageIO.write(image, "png", bytes)) {
            throw new IOException("this JDK writes no PNG");
        }
        return bytes.toByteArray();
    }
}
