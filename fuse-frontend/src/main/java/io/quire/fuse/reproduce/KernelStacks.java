package io.quire.fuse.reproduce;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where the threads of another process are in the kernel, as far as this user may know: the kernel's stack for root, the
 * system call and the name of the place otherwise. Reads /proc only, which works however stuck the process is.
 */
final class KernelStacks {
    private static final Map<String, String> CALLS = "amd64".equals(System.getProperty("os.arch"))
        ? Map.of("0", "read", "1", "write", "17", "pread64", "18", "pwrite64", "28", "madvise", "77", "ftruncate", "221",
            "fadvise64", "257", "openat", "296", "pwritev", "202", "futex")
        : Map.of("63", "read", "64", "write", "67", "pread64", "68", "pwrite64", "233", "madvise", "46", "ftruncate", "223",
            "fadvise64", "56", "openat", "70", "pwritev", "98", "futex");

    private KernelStacks() {
    }

    /**
     * The threads whose names begin with {@code prefix}; those that wait for each other in user space are left out, unless
     * there are no others.
     */
    static String of(final long process, final String prefix) {
        final List<String> stuck = new ArrayList<>();
        final List<String> idle = new ArrayList<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/" + process + "/task"))) {
            for (final Path task : tasks) {
                final String name = read(task.resolve("comm"));
                if (name.startsWith(prefix)) {
                    final String call = call(task);
                    ("futex".equals(call) ? idle : stuck).add(describe(task, name, call));
                }
            }
        } catch (final IOException e) {
            return "its threads cannot be seen (" + e.getMessage() + ")\n";
        }
        final List<String> shown = stuck.isEmpty() ? idle : stuck;
        return shown.isEmpty() ? "it has no thread that waits in the kernel\n" : String.join("", shown);
    }

    private static String describe(final Path task, final String name, final String call) {
        final StringBuilder text = new StringBuilder("thread " + name + " (pid " + task.getFileName() + "), state "
            + state(task) + ", in " + call + ", waiting in " + orUnknown(read(task.resolve("wchan"))) + "\n");
        final String stack = read(task.resolve("stack"));
        if (stack.isEmpty()) {
            text.append("       the kernel's stack cannot be read; root can, in ").append(task.resolve("stack")).append('\n');
        }
        stack.lines().forEach(line -> text.append("       ").append(line).append('\n'));
        return text.toString();
    }

    /** The state's letter, behind the name in parentheses, which may hold anything. */
    private static String state(final Path task) {
        final String stat = read(task.resolve("stat"));
        final int end = stat.lastIndexOf(')');
        return end < 0 || end + 2 >= stat.length() ? "unknown" : stat.substring(end + 2, end + 3);
    }

    private static String call(final Path task) {
        final String number = read(task.resolve("syscall")).split(" ")[0];
        return CALLS.getOrDefault(number, number.isEmpty() ? "an unknown system call"
            : Character.isDigit(number.charAt(0)) ? "system call " + number : number);
    }

    private static String orUnknown(final String place) {
        return place.isEmpty() || "0".equals(place) ? "an unknown place" : place;
    }

    /** Empty where this user may not read it, or the thread has ended. */
    private static String read(final Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).strip();
        } catch (final IOException unreadable) {
            return "";
        }
    }
}
