package io.quire.bench.mount;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPInputStream;

/**
 * Compiles the examples that Debian's libfuse3-dev ships, in a temporary directory. They are under the GPL; nothing of them is kept.
 */
final class Examples {
    private static final Path SHIPPED = Path.of("/usr/share/doc/libfuse3-dev/examples");
    private static final String INSTALL = "; apt-get install libfuse3-dev gcc pkg-config";
    /** What libfuse's own build finds out about a Linux of these years. */
    private static final List<String> DEFINES = List.of("-DHAVE_FSTATAT", "-DHAVE_UTIMENSAT", "-DHAVE_SETXATTR", "-DHAVE_FDATASYNC",
        "-DHAVE_POSIX_FALLOCATE", "-DHAVE_FALLOCATE", "-DHAVE_COPY_FILE_RANGE", "-DHAVE_OPENAT", "-DHAVE_READLINKAT");

    private final Path examples;
    private final Path directory;

    /**
     * A program that was compiled, or why it was not.
     *
     * @param file     where it is
     * @param version  libfuse's
     * @param obstacle why it is not there
     */
    record Program(Path file, String version, Optional<String> obstacle) {
    }

    /**
     * @param directory where programs go
     */
    Examples(final Path directory) {
        final String given = System.getProperty("quire.examples");
        this.examples = given == null || given.isEmpty() ? SHIPPED : Path.of(given);
        this.directory = directory;
    }

    /** The source is opened without O_DIRECT, which the buffers of libfuse are not aligned for: on a disk every write would fail. */
    Program lowLevel() throws InterruptedException {
        return compile("passthrough_ll", "passthrough_ll", text -> text.replace("& ~O_NOFOLLOW", "& ~O_NOFOLLOW & ~O_DIRECT"), List.of());
    }

    /** The same, and with the timeouts that the other servers have, which this one cannot be told. */
    Program handles() throws InterruptedException {
        return compile("passthrough_fh", "passthrough_fh", text -> text.replace("cfg->entry_timeout = 0;", "cfg->entry_timeout = 1;")
            .replace("cfg->attr_timeout = 0;", "cfg->attr_timeout = 1;")
            .replace("open(path, fi->flags", "open(path, fi->flags & ~O_DIRECT"), List.of());
    }

    /** Each read is answered that much later, and in addition later for each MiB; nothing else is. */
    Program delaying(final int micros, final int pieceMicros) throws InterruptedException {
        final Path delay = directory.resolve("delay.c");
        try (InputStream resource = Examples.class.getResourceAsStream("delay.c")) {
            Files.write(delay, resource.readAllBytes());
            return compile("passthrough_ll", "delaying", text -> text.replace("fuse_reply_data(", "delayed_reply_data("),
                List.of("-include", delay.toString(), "-DDELAY_MICROS=" + micros, "-DPIECE_MICROS=" + pieceMicros));
        } catch (final IOException e) {
            return new Program(delay, "", Optional.of(e.getMessage()));
        }
    }

    private Program compile(final String example, final String name, final UnaryOperator<String> change, final List<String> options)
        throws InterruptedException {
        final Path program = directory.resolve(name);
        final Optional<String> tool = List.of("gcc", "pkg-config").stream().filter(each -> !Programs.has(each)).findFirst();
        if (tool.isPresent()) {
            return new Program(program, "3", Optional.of("cannot be compiled: " + tool.get() + " is not installed" + INSTALL));
        }
        try {
            final Path source = directory.resolve(name + ".c");
            Files.writeString(source, change.apply(read(example + ".c")), StandardCharsets.ISO_8859_1);
            Files.writeString(directory.resolve("passthrough_helpers.h"), read("passthrough_helpers.h"), StandardCharsets.ISO_8859_1);
            final String version = Command.of("pkg-config", "--modversion", "fuse3").succeed().output().strip();
            final List<String> flags = List.of(Command.of("pkg-config", "--cflags", "--libs", "fuse3").succeed().output().strip()
                .split("\\s+"));
            final List<String> words = new ArrayList<>(List.of("gcc", "-O2", "-w"));
            words.addAll(DEFINES);
            words.addAll(options);
            words.addAll(List.of("-o", program.toString(), source.toString()));
            words.addAll(flags);
            Command.of().add(words).in(directory).succeed();
            return new Program(program, version, Optional.empty());
        } catch (final IOException e) {
            return new Program(program, "3", Optional.of("cannot be compiled: " + e.getMessage() + INSTALL));
        }
    }

    private String read(final String name) throws IOException {
        final Path plain = examples.resolve(name);
        if (Files.exists(plain)) {
            return Files.readString(plain, StandardCharsets.ISO_8859_1);
        }
        final Path packed = examples.resolve(name + ".gz");
        if (!Files.exists(packed)) {
            throw new IOException("libfuse3-dev's example " + name + " is not there");
        }
        try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
