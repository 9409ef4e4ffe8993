package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code git status} of a repository in which nothing has changed, once the kernel has forgotten it. */
final class GitWorkload implements Workload {
    private static final String REPOSITORY = "repository";

    @Override
    public List<Row> rows() {
        return List.of(Row.ofProgram("git status"));
    }

    @Override
    public Optional<String> program() {
        return Optional.of("git");
    }

    @Override
    public boolean manyFiles() {
        return true;
    }

    @Override
    public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
        return 0.2 + scale.treeFiles(kind) * 60e-6;
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
        final Path repository = target.backing().resolve(REPOSITORY);
        if (Files.exists(repository)) {
            return;
        }
        Command.of("tar", "-xf", archive(bench, target.kind()).toString(), "-C", target.backing().toString()).seconds(300).succeed();
        // The index remembers inode numbers and times as this mount shows them.
        git(target.directory().resolve(REPOSITORY), "status", "--porcelain").succeed();
        target.used(REPOSITORY);
    }

    @Override
    public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        target.forget(REPOSITORY);
        final Command.Result result = configure(bench.client(regime), target.directory().resolve(REPOSITORY))
            .add("status", "--porcelain").succeed();
        target.used(REPOSITORY);
        if (!result.output().isBlank()) {
            throw new IOException("git sees changes where there are none: " + result.reason());
        }
        return List.of(Sample.of(result.nanos()));
    }

    /** A repository with everything committed, which is made when it is not there. */
    private static Path archive(final Bench bench, final Place.Kind kind) throws IOException, InterruptedException {
        final Path archive = bench.shared().resolve("repository.tar");
        if (!Files.exists(archive)) {
            final Path repository = Files.createDirectory(bench.shared().resolve(REPOSITORY));
            Command.of("tar", "-xf", Tree.archive(bench, kind).toString(), "-C", repository.toString()).seconds(300).succeed();
            git(repository, "init", "-q").succeed();
            git(repository, "add", ".").succeed();
            git(repository, "-c", "user.name=compare", "-c", "user.email=compare@localhost", "commit", "-q", "-m", "tree").succeed();
            git(repository, "repack", "-adq").succeed();
            Command.of("tar", "-cf", archive.toString(), "-C", bench.shared().toString(), REPOSITORY).seconds(300).succeed();
            Command.of("rm", "-rf", repository.toString()).seconds(120).succeed();
        }
        return archive;
    }

    private static Command git(final Path repository, final String... words) {
        return configure(Command.of().seconds(300), repository).add(words);
    }

    /** Nothing from the user's own configuration, no helpers in the background, and no index written by status when it need not be. */
    private static Command configure(final Command command, final Path repository) {
        return command.add("git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-C",
            repository.toString()).with("GIT_CONFIG_GLOBAL", "/dev/null").with("GIT_CONFIG_SYSTEM", "/dev/null");
    }
}
