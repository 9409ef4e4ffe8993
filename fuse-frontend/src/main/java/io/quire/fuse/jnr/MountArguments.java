package io.quire.fuse.jnr;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Composes libfuse's {@code -o} argument, and refuses what libfuse would complain about on standard error. */
final class MountArguments {
    private static final Set<String> FLAGS = Set.of("allow_other", "allow_root", "default_permissions", "nonempty",
        "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "async", "sync", "dirsync", "atime", "noatime",
        "async_read", "sync_read", "big_writes", "defaults");
    private static final Set<String> VALUES = Set.of("fsname", "max_read", "max_readahead", "max_write",
        "max_background", "congestion_threshold", "context", "fscontext", "defcontext", "rootcontext");

    private final boolean nonEmpty;
    private final boolean allowOther;
    private final boolean ownerOnly;
    private final String text;

    private MountArguments(final List<String> options) {
        nonEmpty = options.contains("nonempty");
        allowOther = options.contains("allow_other") || options.contains("allow_root");
        ownerOnly = options.contains("allow_root");
        text = String.join(",", options);
    }

    /**
     * Composes.
     *
     * @param options what is wanted
     * @return the argument
     * @throws MountException when an option is not known
     */
    static MountArguments of(final TransportOptions options) throws MountException {
        final List<String> list = new ArrayList<>();
        for (final String group : options.kernelOptions()) {
            for (final String option : group.split("(?<!\\\\),")) {
                if (!option.isEmpty() && !option.equals("defaults")) {
                    check(option);
                    list.add(option);
                }
            }
        }
        if (list.stream().noneMatch(option -> option.startsWith("fsname="))) {
            list.add("fsname=" + escape(options.fsname()));
        }
        list.add("subtype=" + TransportOptions.SUBTYPE);
        list.add("default_permissions");
        if (options.allowOther()) {
            list.add("allow_other");
        }
        if (options.readOnly()) {
            list.add("ro");
        }
        return new MountArguments(list);
    }

    private static void check(final String option) throws MountException {
        final int equals = option.indexOf('=');
        final boolean known = equals < 0 ? FLAGS.contains(option) : VALUES.contains(option.substring(0, equals));
        if (!known) {
            throw new MountException("unknown mount option '" + option + "': remove it from -o");
        }
    }

    private static String escape(final String value) {
        return value.replace("\\", "\\\\").replace(",", "\\,");
    }

    /**
     * Whether the mount point may have entries, which the mount hides.
     *
     * @return whether {@code nonempty} was given
     */
    boolean nonEmpty() {
        return nonEmpty;
    }

    /**
     * Whether other users are let in.
     *
     * @return whether {@code allow_other} or {@code allow_root} was given
     */
    boolean allowOther() {
        return allowOther;
    }

    /**
     * Whether of those whom the kernel lets in, libfuse lets in only the one who mounts and root.
     *
     * @return whether {@code allow_root} was given
     */
    boolean ownerOnly() {
        return ownerOnly;
    }

    /**
     * The argument.
     *
     * @return options separated by commas
     */
    String text() {
        return text;
    }
}
