package io.quire.engine.stress;

import java.nio.file.Files;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Seed;
import io.quire.fuse.mounted.MountedDirectory;

/** The random stress with processes, on a mount with a tiny cache. */
@Timeout(300)
class MountStressIT {
    @RegisterExtension
    final Seed seed = new Seed();

    @Test
    @DisplayName("C1-C8, W1-W3: no difference to the model with processes on a mount")
    void agreesWithTheModel() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp", "--cache-size", "4m")) {
            Files.createDirectories(mounted.mount().resolve("s"));
            MountStress.run(mounted.mount().resolve("s"), mounted.source().resolve("s"),
                Integer.getInteger("quire.stress.seconds", 25),
                seed.value());
        }
    }
}
