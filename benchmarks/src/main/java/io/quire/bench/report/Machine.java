package io.quire.bench.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a machine is, as far as it explains figures; nothing that names it. Thread-safe, as nothing is kept. */
public final class Machine {
    private Machine() {
    }

    /**
     * Describes it as it is now, which for its load is before anything is run.
     *
     * @return what there is to say, by what it is about, in order
     * @throws IOException when /proc cannot be read
     */
    public static Map<String, String> describe() throws IOException {
        final Map<String, String> machine = new LinkedHashMap<>();
        machine.put("processor", value("/proc/cpuinfo", "model name") + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        machine.put("memory", Math.round(Long.parseLong(value("/proc/meminfo", "MemTotal").replaceAll("\\D", "")) / 1048576.0) + " GiB");
        machine.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version").replaceAll("[-+].*", ""));
        machine.put("JDK", System.getProperty("java.vm.vendor") + " " + Runtime.version());
        // How many threads of others wanted a processor in the last minute: figures of a busy machine say little.
        machine.put("load before the run",
            Files.readString(Path.of("/proc/loadavg"), StandardCharsets.ISO_8859_1).replaceAll(" .*\\s*", ""));
        return machine;
    }

    private static String value(final String file, final String name) throws IOException {
        return Files.readAllLines(Path.of(file), StandardCharsets.ISO_8859_1).stream().filter(line -> line.startsWith(name))
            .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst().orElse("0 (unknown)");
    }
}
