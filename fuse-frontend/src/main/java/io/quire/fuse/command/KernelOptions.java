package io.quire.fuse.command;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The options after {@code -o}: those of mount(8) that make sense here, and libfuse's {@code nonempty}. Options that we
 * set ourselves have a name of their own and are translated; all others are refused by name, because the kernel's own
 * refusal ("invalid argument") would not say which.
 */
final class KernelOptions {
    private static final Set<String> PLAIN = Set.of("nosuid", "suid", "nodev", "dev", "noexec", "exec", "async", "sync",
        "atime", "noatime", "dirsync");
    private static final Pattern MAX_READ = Pattern.compile("max_read=\\d{1,9}");

    private final Set<String> kernel;
    private final boolean nonempty;
    private final boolean readOnly;
    private final boolean allowOther;
    private final boolean directIo;
    private final String name;

    private KernelOptions(final Set<String> kernel, final boolean nonempty, final boolean readOnly,
        final boolean allowOther, final boolean directIo, final String name) {
        this.kernel = kernel;
        this.nonempty = nonempty;
        this.readOnly = readOnly;
        this.allowOther = allowOther;
        this.directIo = directIo;
        this.name = name;
    }

    static KernelOptions parse(final List<String> arguments) {
        final Set<String> kernel = new LinkedHashSet<>();
        boolean nonempty = false;
        boolean readOnly = false;
        boolean allowOther = false;
        boolean directIo = false;
        String name = null;
        for (final String argument : arguments) {
            for (final String option : argument.split(",")) {
                switch (option) {
                    case "", "rw", "default_permissions", "big_writes" -> { }
                    case "nonempty" -> nonempty = true;
                    case "ro" -> readOnly = true;
                    case "allow_other" -> allowOther = true;
                    case "direct_io" -> directIo = true;
                    default -> {
                        if (option.startsWith("fsname=") && option.length() > "fsname=".length()) {
                            name = option.substring("fsname=".length());
                        } else if (PLAIN.contains(option) || MAX_READ.matcher(option).matches()) {
                            kernel.add(option);
                        } else {
                            throw CommandException.usage("-o " + option + ": unknown option; known are ro, rw, "
                                + "nonempty, allow_other, direct_io, fsname=NAME, max_read=BYTES, "
                                + String.join(", ", PLAIN.stream().sorted().toList()));
                        }
                    }
                }
            }
        }
        return new KernelOptions(kernel, nonempty, readOnly, allowOther, directIo, name);
    }

    /** Options that are passed on as they are. */
    List<String> kernel() {
        return new ArrayList<>(kernel);
    }

    boolean nonempty() {
        return nonempty;
    }

    boolean readOnly() {
        return readOnly;
    }

    boolean allowOther() {
        return allowOther;
    }

    /** Whether the kernel shall cache no file data. */
    boolean directIo() {
        return directIo;
    }

    /** What the mount table shows as the source, or null for the source itself. */
    String name() {
        return name;
    }
}
