package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Peers whose library is not there. */
class PeerLibraryTest {
    @Test
    void allLibrariesAreHere() {
        assertThat(PeerLibrary.missing(getClass().getClassLoader())).isEmpty();
    }

    @Test
    void whatIsMissingIsToldByTheNameOfItsJar() {
        assertThat(PeerLibrary.missing(ClassLoader.getPlatformClassLoader())).extracting(PeerLibrary::jar)
            .contains("caffeine-*.jar", "chronicle-bytes-*.jar", "ehcache-*.jar");
        assertThat(PeerLibrary.CAFFEINE.isNeededBy(Measurement.of("CaffeineBenchmark.kib4"))).isTrue();
        assertThat(PeerLibrary.CAFFEINE.isNeededBy(Measurement.of("EhcacheBenchmark.kib4"))).isFalse();
    }

    @Test
    void versionsComeFromTheClassPath() {
        assertThat(PeerLibrary.versions("/a/caffeine-3.3.1.jar:/b/other-1.jar:/c/ehcache-3.12.0.jar:/classes"))
            .containsExactly("caffeine-3.3.1", "ehcache-3.12.0");
    }
}
