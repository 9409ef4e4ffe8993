package io.quire.bench.mount;

import java.io.IOException;
import java.util.Optional;

/**
 * Whether a program is installed.
 *
 * @param version  the first line of what it says of its version
 * @param obstacle why it cannot be used, with the package to install
 */
record Installed(String version, Optional<String> obstacle) {
    static Installed of(final String program, final String debianPackage, final String... option) {
        try {
            final Command.Result result = Command.of(program).add(option).seconds(20).run();
            final String said = (result.output() + result.error()).lines().filter(line -> !line.isBlank()).findFirst()
                .orElse(program).strip();
            return new Installed(said, Optional.empty());
        } catch (final IOException e) {
            return new Installed(program, Optional.of("not installed; apt-get install " + debianPackage));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Installed(program, Optional.of("interrupted"));
        }
    }

    boolean usable() {
        return obstacle.isEmpty();
    }
}
