package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names come back byte for byte (command.md, C2). */
class NativeNamesTest {
    @Test
    void validUtf8IsDecodedAsItself() {
        final String name = "Übergröße \uD83D\uDE00 /x";
        assertThat(NativeNames.decode(name.getBytes(StandardCharsets.UTF_8))).isEqualTo(name);
        assertThat(NativeNames.encode(name)).isEqualTo(name.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void anyBytesComeBackFromTheirString() {
        final SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 2_000; round++) {
            final byte[] name = new byte[random.nextInt(1, 24)];
            random.nextBytes(name);
            assertThat(NativeNames.encode(NativeNames.decode(name))).isEqualTo(name);
        }
    }

    @Test
    void aSurrogateInUtf8IsNotTakenForAnEscape() {
        final byte[] name = {(byte) 0xED, (byte) 0xB2, (byte) 0x80};
        assertThat(NativeNames.encode(NativeNames.decode(name))).isEqualTo(name);
    }

    @Test
    void thePathOfANameThatIsNotUtf8LeadsToTheFile(@TempDir final Path directory) throws Exception {
        final Process mkdir = new ProcessBuilder("sh", "-c", "mkdir \"$(printf 'b\\344r')\"")
            .directory(directory.toFile()).start();
        assertThat(mkdir.waitFor()).isZero();
        final String name = directory + "/b\uDCE4r";
        final Path path = NativeNames.path(name);
        Files.createFile(path.resolve("inside"));
        try (var entries = Files.list(directory)) {
            assertThat(entries.toList()).containsExactly(path);
        }
        deleteWithout(path);
    }

    private static void deleteWithout(final Path path) throws IOException {
        Files.delete(path.resolve("inside"));
        Files.delete(path);
    }
}
