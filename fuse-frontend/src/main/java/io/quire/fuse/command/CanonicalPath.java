package io.quire.fuse.command;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Absolute paths without symbolic links, found without touching any mount of ours: as soon as the path walked so far is
 * one, the rest is taken as it is written. That keeps every command usable when the daemon behind the mount is gone or
 * stuck, where even a stat would fail or hang.
 */
final class CanonicalPath {
    /** As many as the kernel follows. */
    private static final int MAX_LINKS = 40;

    private CanonicalPath() {
    }

    /** Refuses an empty operand; {@code what} says which. */
    static String named(final String what, final String operand) {
        if (operand.isEmpty()) {
            throw CommandException.usage("the " + what + " is empty; name a directory");
        }
        return operand;
    }

    static String of(final String name) {
        return of(name, MountTable.read());
    }

    static String of(final String name, final MountTable table) {
        final Deque<String> rest = new ArrayDeque<>();
        push(rest, name);
        // The kernel knows the working directory's path even when it lies on a dead mount.
        String walked = name.startsWith("/") ? "" : root(workingDirectory());
        int links = 0;
        while (!rest.isEmpty()) {
            final String component = rest.pop();
            if (component.isEmpty() || ".".equals(component)) {
                continue;
            }
            if ("..".equals(component)) {
                walked = walked.substring(0, Math.max(0, walked.lastIndexOf('/')));
                continue;
            }
            final String next = walked + "/" + component;
            final String target = isOurs(table, next) ? null : NativeCalls.readlink(next);
            if (target == null) {
                walked = next;
            } else if (++links > MAX_LINKS) {
                throw CommandException.failed(name + " leads through too many symbolic links");
            } else {
                push(rest, target);
                walked = target.startsWith("/") ? "" : walked;
            }
        }
        return walked.isEmpty() ? "/" : walked;
    }

    /** Whether {@code path} is {@code directory} or lies below it; both canonical. */
    static boolean isWithin(final String path, final String directory) {
        return path.equals(directory) || path.startsWith(root(directory) + "/");
    }

    private static boolean isOurs(final MountTable table, final String path) {
        return table.quire().stream().anyMatch(mount -> isWithin(path, mount.point()));
    }

    private static String workingDirectory() {
        if (Boolean.getBoolean("quire.directory.gone")) {
            throw CommandException.failed("the working directory is gone; change to another, or name it from /");
        }
        final String directory = NativeCalls.readlink("/proc/self/cwd");
        if (directory == null) {
            throw CommandException.failed("cannot read /proc/self/cwd: is /proc mounted?");
        }
        return directory;
    }

    private static String root(final String directory) {
        return "/".equals(directory) ? "" : directory;
    }

    private static void push(final Deque<String> rest, final String path) {
        final String[] components = path.split("/");
        for (int i = components.length - 1; i >= 0; i--) {
            rest.push(components[i]);
        }
    }
}
