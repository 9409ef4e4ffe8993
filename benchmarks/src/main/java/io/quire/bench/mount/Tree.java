package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** A tree of source files, the same each time: made once, packed into an archive and committed to a repository. */
final class Tree {
    private static final int FILES_PER_DIRECTORY = 20;
    private static final int LARGEST = 16 << 10;
    private static final int SEED = 20;

    private Tree() {
    }

    /** The archive, which is made when it is not there. */
    static Path archive(final Bench bench, final Place.Kind kind) throws IOException, InterruptedException {
        final Path archive = bench.shared().resolve("tree.tar");
        if (!Files.exists(archive)) {
            final Path tree = bench.shared().resolve("tree");
            make(tree, bench.scale().treeFiles(kind));
            Command.of("tar", "-cf", archive.toString(), "-C", bench.shared().toString(), "tree").seconds(300).succeed();
            Command.of("rm", "-rf", tree.toString()).seconds(120).succeed();
        }
        return archive;
    }

    private static void make(final Path tree, final int files) throws IOException {
        final SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < files; i++) {
            final int directory = i / FILES_PER_DIRECTORY;
            final Path parent = tree.resolve("part-" + directory % 10).resolve("module-" + directory);
            if (i % FILES_PER_DIRECTORY == 0) {
                Files.createDirectories(parent);
            }
            final StringBuilder text = new StringBuilder();
            final int length = random.nextInt(1, LARGEST);
            while (text.length() < length) {
                text.append("line ").append(random.nextInt()).append('\n');
            }
            Files.writeString(parent.resolve("file-" + i + ".txt"), text);
        }
    }
}
