package io.quire.bench.mount;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a machine is, as far as it explains figures, and the file systems of its sources. */
final class Machine {
    private Machine() {
    }

    /** Describes it as it is now, before anything is run. */
    static Map<String, String> describe() throws IOException {
        final Map<String, String> machine = new LinkedHashMap<>(io.quire.bench.report.Machine.describe());
        for (final Place.Kind kind : new Place.Kind[] {Place.Kind.TMPFS, Place.Kind.DISK}) {
            Place.find(kind).ifPresent(place -> machine.put(kind.title(), place.type()));
        }
        return machine;
    }

    /** Memory that can be had without swapping. */
    static long availableBytes() throws IOException {
        return Long.parseLong(value("/proc/meminfo", "MemAvailable").replaceAll("\\D", "")) << 10;
    }
}
