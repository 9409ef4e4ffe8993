package io.quire.bench;

import java.util.Arrays;
import java.util.List;

/** The libraries that peers are made of: which are here, and in which versions. */
enum PeerLibrary {
    CAFFEINE("CaffeineBenchmark", "caffeine-", "com.github.benmanes.caffeine.cache.Caffeine"),
    CHRONICLE("ChronicleBenchmark", "chronicle-bytes-", "net.openhft.chronicle.bytes.BytesStore"),
    CHRONICLE_CORE("ChronicleBenchmark", "chronicle-core-", "net.openhft.chronicle.core.Jvm"),
    EHCACHE("EhcacheBenchmark", "ehcache-", "org.ehcache.Cache");

    private final String benchmark;
    private final String jar;
    private final String type;

    PeerLibrary(final String benchmark, final String jar, final String type) {
        this.benchmark = benchmark;
        this.jar = jar;
        this.type = type;
    }

    private boolean isMissing(final ClassLoader loader) {
        try {
            Class.forName(type, false, loader);
            return false;
        } catch (final ClassNotFoundException | LinkageError e) {
            return true;
        }
    }

    /** Those that are not there. */
    static List<PeerLibrary> missing(final ClassLoader loader) {
        return Arrays.stream(values()).filter(library -> library.isMissing(loader)).toList();
    }

    /** Whether it is needed for a measurement. */
    boolean isNeededBy(final Measurement measurement) {
        return measurement.benchmark().startsWith(benchmark + ".");
    }

    /** What its jar is called, as far as it is the same for all versions. */
    String jar() {
        return jar + "*.jar";
    }

    /**
     * Which jars on the class path decide figures.
     *
     * @param path as the JVM has it
     * @return their names without {@code .jar}, so with the versions
     */
    static List<String> versions(final String path) {
        return Arrays.stream(path.split(":")).map(entry -> entry.substring(entry.lastIndexOf('/') + 1))
            .filter(entry -> entry.endsWith(".jar") && (entry.startsWith("jmh-core-") || entry.startsWith("agrona-")
                || Arrays.stream(values()).anyMatch(library -> entry.startsWith(library.jar))))
            .map(entry -> entry.substring(0, entry.length() - 4)).sorted().toList();
    }
}
