package io.quire.bench.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A file system written in C or C++ that passes everything through: one that is installed, or an example of libfuse. */
final class CServer implements Server {
    /** For libfuse's path-based interface, version 2 and 3 alike: as Quire, and as mergerfs by its own options. */
    private static final String TIMEOUTS = "attr_timeout=1,entry_timeout=1,negative_timeout=0,auto_cache";

    private final String name;
    private final String description;
    private final String obstacle;
    private final int mostFiles;
    private final Arguments arguments;

    /** How it is told what to mount where. */
    @FunctionalInterface
    private interface Arguments {
        List<String> of(String source, String mountPoint);
    }

    private CServer(final String name, final String description, final Optional<String> obstacle, final Arguments arguments) {
        this(name, description, Integer.MAX_VALUE, obstacle, arguments);
    }

    private CServer(final String name, final String description, final int mostFiles, final Optional<String> obstacle,
        final Arguments arguments) {
        this.name = name;
        this.mostFiles = mostFiles;
        this.description = description;
        this.obstacle = obstacle.orElse(null);
        this.arguments = arguments;
    }

    /**
     * The low-level example. Its option for keeping kernel pages does so whatever happens to the source.
     *
     * @param mostFiles that it has descriptors for
     */
    static Server passthroughLowLevel(final Examples.Program program, final int mostFiles) {
        return new CServer("passthrough_ll", "example of libfuse " + program.version()
            + ", source without O_DIRECT, timeout=1,cache=always; keeps a descriptor for each file, hence at most " + mostFiles
            + " in rows of files", mostFiles, program.obstacle(),
            (source, point) -> List.of(program.file().toString(), "-f", "-o",
                "source=" + source + ",timeout=1,cache=always", point));
    }

    /** The path-based example, compiled with timeouts of a second. It shows all of {@code /}, hence the module. */
    static Server passthroughHandles(final Examples.Program program) {
        return new CServer("passthrough_fh", "example of libfuse " + program.version()
            + ", source without O_DIRECT, timeouts of 1 s instead of 0, modules=subdir,auto_cache", program.obstacle(),
            (source, point) -> List.of(program.file().toString(), "-f", "-o", "modules=subdir,subdir=" + source
                + ",auto_cache", point));
    }

    /** The slow source: the low-level example with a delay in each read and without kernel pages. */
    static Server delaying(final Examples.Program program) {
        return new CServer("delaying", "passthrough_ll with a delay", program.obstacle(), (source, point) ->
            List.of(program.file().toString(), "-f", "-o", "source=" + source + ",timeout=1,cache=never", point));
    }

    static Server bindfs() {
        final Installed program = Installed.of("bindfs", "bindfs", "--version");
        return new CServer("bindfs", program.version() + ", " + TIMEOUTS + ",big_writes", program.obstacle(),
            (source, point) -> List.of("bindfs", "-f", "-o", TIMEOUTS + ",big_writes", source, point));
    }

    static Server mergerfs() {
        final Installed program = Installed.of("mergerfs", "mergerfs", "-v");
        final String options = "cache.attr=1,cache.entry=1,cache.negative_entry=0,cache.files=auto-full";
        return new CServer("mergerfs", program.version() + ", " + options, program.obstacle(), (source, point) ->
            List.of("mergerfs", "-f", "-o", options + ",use_ino,minfreespace=0,category.create=ff", source, point));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public Optional<String> missing() {
        return Optional.ofNullable(obstacle);
    }

    @Override
    public int mostFiles() {
        return mostFiles;
    }

    @Override
    public List<String> command(final Path source, final Path mountPoint) {
        return arguments.of(source.toString(), mountPoint.toString());
    }
}
