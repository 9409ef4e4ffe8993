package io.quire.bench.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Our mount with its defaults: names and attributes are believed for a second, and a file's kernel pages are kept while size and time are
 * those that were seen.
 */
final class QuireServer implements Server {
    static final String PREFIX = "quire-";
    static final String DEFAULT_TRANSPORT = "jnr";

    private final Path launcher;
    private final String policy;
    private final String transport;

    /**
     * @param launcher {@code scripts/quire}
     * @param policy    a write policy
     * @param transport how the kernel is spoken to
     */
    QuireServer(final Path launcher, final String policy, final String transport) {
        this.launcher = launcher;
        this.policy = policy;
        this.transport = transport;
    }

    @Override
    public String name() {
        return name(policy, transport);
    }

    static String name(final String policy, final String transport) {
        return PREFIX + policy + (DEFAULT_TRANSPORT.equals(transport) ? "" : "-" + transport);
    }

    @Override
    public String description() {
        return "quire mount --write-policy " + policy + " --transport " + transport;
    }

    @Override
    public Optional<String> missing() {
        return Optional.empty();
    }

    @Override
    public List<String> command(final Path source, final Path mountPoint) {
        return List.of(launcher.toString(), "mount", "--foreground", "--write-policy", policy, "--transport", transport,
            source.toString(), mountPoint.toString());
    }
}
