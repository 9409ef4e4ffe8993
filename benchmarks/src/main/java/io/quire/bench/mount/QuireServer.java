package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Our mount with its defaults: names and attributes are believed for a second, and a file's kernel pages are kept while size and time are
 * those that were seen.
 */
final class QuireServer implements Server {
    static final String PREFIX = "quire-";
    static final String DEFAULT_TRANSPORT = "jnr";
    /** How the kernel can be spoken to. */
    static final List<String> TRANSPORTS = List.of(DEFAULT_TRANSPORT);
    /** The policy that a mount has unless told otherwise. */
    static final String DEFAULT_POLICY = "multi-page";
    static final String RECORDING = PREFIX + "record";

    private static final int HELP_SECONDS = 60;

    private final Path launcher;
    private final String policy;
    private final String transport;
    private final boolean recording;

    private QuireServer(final Path launcher, final String policy, final String transport, final boolean recording) {
        this.launcher = launcher;
        this.policy = policy;
        this.transport = transport;
        this.recording = recording;
    }

    /**
     * @param launcher  {@code scripts/quire}
     * @param policy    a write policy
     * @param transport how the kernel is spoken to
     */
    QuireServer(final Path launcher, final String policy, final String transport) {
        this(launcher, policy, transport, false);
    }

    /** The default, recording every operation beside its mount point. */
    static QuireServer recording(final Path launcher) {
        return new QuireServer(launcher, DEFAULT_POLICY, DEFAULT_TRANSPORT, true);
    }

    @Override
    public String name() {
        return recording ? RECORDING : name(policy, transport);
    }

    @Override
    public Role role() {
        return recording ? Role.RECORDING : DEFAULT_POLICY.equals(policy) ? Role.SUBJECT : Role.POLICY;
    }

    static String name(final String policy, final String transport) {
        return PREFIX + policy + (DEFAULT_TRANSPORT.equals(transport) ? "" : "-" + transport);
    }

    @Override
    public String description() {
        return "quire mount --write-policy " + policy + " --transport " + transport + (recording ? " --record FILE" : "");
    }

    @Override
    public Optional<String> missing() {
        if (!recording) {
            return Optional.empty();
        }
        try {
            return Command.of(launcher.toString(), "mount", "--help").seconds(HELP_SECONDS).succeed().output().contains("--record")
                ? Optional.empty() : Optional.of("this build has no mount --record");
        } catch (final IOException e) {
            return Optional.of(e.getMessage());
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted");
        }
    }

    @Override
    public List<String> command(final Path source, final Path mountPoint) {
        final List<String> words = new ArrayList<>(List.of(launcher.toString(), "mount", "--foreground", "--write-policy", policy,
            "--transport", transport));
        if (recording) {
            // A new one each time that it is mounted.
            words.addAll(List.of("--record", mountPoint.resolveSibling("record-" + System.nanoTime() + ".trace").toString()));
        }
        words.addAll(List.of(source.toString(), mountPoint.toString()));
        return words;
    }
}
