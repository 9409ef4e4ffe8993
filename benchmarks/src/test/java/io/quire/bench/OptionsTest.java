package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line of the suite. */
class OptionsTest {
    @Test
    void withoutOptionsEverythingIsMeasured() {
        final Options options = Options.parse();
        assertThat(options.comparisons()).isEqualTo(Comparison.all());
        assertThat(options.sweeps()).hasSameSizeAs(Sweeps.all(false));
        assertThat(options.name()).isEqualTo("bench");
    }

    @Test
    void aPartAndAQuickRunDoNotTakeThePlaceOfTheWhole() {
        assertThat(Options.parse("--quick").name()).isEqualTo("bench-quick");
        assertThat(Options.parse("--quick", "tree").name()).isEqualTo("bench-part");
        assertThat(Options.parse("tree").sweeps()).extracting(Sweep::id).containsExactly("tree");
        assertThat(Options.parse("--output", "/elsewhere").output()).isEqualTo(Path.of("/elsewhere"));
    }

    @Test
    void ratiosAreChosenByTitleAndByBenchmark() {
        assertThat(Options.parse("Caffeine").comparisons()).isNotEmpty().allMatch(c -> c.title().contains("Caffeine"));
        assertThat(Options.parse("^WriteBenchmark").comparisons()).isNotEmpty()
            .allMatch(c -> c.subject().benchmark().startsWith("WriteBenchmark"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--fast|there is no option --fast",
        "-x|there is no option -x",
        "--output|--output needs a value",
        "--rounds many|--rounds many: not a number",
        "--rounds 0|--rounds 0: 1 is the least",
        "8(|8(: not a regular expression"
    })
    void whatCannotBeUnderstoodIsSaidInOneSentence(final String arguments, final String sentence) {
        assertThatIllegalArgumentException().isThrownBy(() -> Options.parse(arguments.split(" "))).withMessage(sentence);
    }
}
