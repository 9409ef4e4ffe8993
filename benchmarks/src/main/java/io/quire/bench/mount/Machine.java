package io.quire.bench.mount;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a machine is, as far as it explains figures; nothing that names it. */
final class Machine {
    private Machine() {
    }

    /** Describes it as it is now, before anything is run. */
    static Map<String, String> describe() throws IOException {
        final Map<String, String> machine = new LinkedHashMap<>();
        machine.put("processor", value("/proc/cpuinfo", "model name") + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        machine.put("memory", Math.round(Long.parseLong(value("/proc/meminfo", "MemTotal").replaceAll("\\D", "")) / 1048576.0) + " GiB");
        machine.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version").replaceAll("[-+].*", ""));
        machine.put("JDK", System.getProperty("java.vm.vendor") + " " + Runtime.version());
        for (final Place.Kind kind : new Place.Kind[] {Place.Kind.TMPFS, Place.Kind.DISK}) {
            Place.find(kind).ifPresent(place -> machine.put(kind.title(), place.type()));
        }
        machine.put("load before the run", load());
        return machine;
    }

    /** Memory that can be had without swapping. */
    static long availableBytes() throws IOException {
        return Long.parseLong(value("/proc/meminfo", "MemAvailable").replaceAll("\\D", "")) << 10;
    }

    /** How many threads of others wanted a processor in the last minute: figures of a busy machine say little. */
    private static String load() throws IOException {
        return Files.readString(Path.of("/proc/loadavg"), StandardCharsets.ISO_8859_1).replaceAll(" .*\\s*", "");
    }

    private static String value(final String file, final String name) throws IOException {
        return Files.readAllLines(Path.of(file), StandardCharsets.ISO_8859_1).stream().filter(line -> line.startsWith(name))
            .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst().orElse("0 (unknown)");
    }
}
