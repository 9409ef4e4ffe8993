package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes as users write them. */
class CacheSizeTest {
    @ParameterizedTest
    @CsvSource({"4194304, 4194304", "64m, 67108864", "64M, 67108864", "64MiB, 67108864", "8192k, 8388608",
        "2g, 2147483648", "2gb, 2147483648", "65536b, 65536", "1t, 1099511627776"})
    void aNumberWithAUnitIsBytes(final String text, final long bytes) {
        assertThat(CacheSize.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "-1m", "1.5g", "12x", "0x10", "64i", "64ib", "9999999999999999999"})
    void anythingElseIsRefused(final String text) {
        assertThatThrownBy(() -> CacheSize.parse(text)).isInstanceOf(CommandException.class)
            .hasMessageContaining("not a size");
    }

    @Test
    void aSizeBeyondAllNumbersIsTooLargeAndNotSmall() {
        assertThatThrownBy(() -> CacheSize.check("99999999999999t", 1L << 34)).hasMessageContaining("larger than");
    }

    @Test
    void theMemoryOfThisMachineIsKnown() {
        assertThat(CacheSize.memory()).isBetween(1L << 26, 1L << 50);
    }
}
