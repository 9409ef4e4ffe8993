package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.quire.engine.write.WritePolicies;

/** How long a run is to take, and in which order servers are asked. */
class PlanTest {
    @TempDir
    private Path directory;

    @Test
    @DisplayName("a whole run and a quick one have time left before their own limits, and these are within what is promised")
    void length() throws Exception {
        final List<Server> servers = new ArrayList<>();
        WritePolicies.all().stream().filter(policy -> !policy.isLaboratory())
            .forEach(policy -> servers.add(new QuireServer(directory, policy.name(), QuireServer.DEFAULT_TRANSPORT)));
        List.of("passthrough_ll", "passthrough_fh", "bindfs", "mergerfs", "bare").forEach(name -> servers.add(new NamedServer(name)));
        servers.add(QuireServer.recording(directory));
        assertThat(Plan.seconds(Plan.full(), servers, Scale.full())).isBetween(600.0, 0.98 * Scale.full().budgetSeconds());
        assertThat(Scale.full().budgetSeconds()).isLessThan(30 * 60);
        assertThat(Plan.seconds(Plan.quick(), servers, Scale.quick())).isBetween(120.0, 0.96 * Scale.quick().budgetSeconds());
        assertThat(Scale.quick().budgetSeconds()).isLessThan(8 * 60);
    }

    @Test
    @DisplayName("P2: the order is turned by one in each repetition, with ours together, one way round and the other")
    void turns() throws Exception {
        final List<Target> targets = new ArrayList<>();
        for (final Server server : List.of(new QuireServer(directory, "one-page", "jnr"), new QuireServer(directory, "multi-page", "jnr"),
            new NamedServer("bindfs"), new NamedServer("bare"))) {
            targets.add(new Target(server, new Mounted(server, directory, directory), directory, Place.Kind.TMPFS));
        }
        assertThat(IntStream.range(0, 4).mapToObj(repetition -> String.join(" ", Visit.turn(targets, repetition).stream().map(Target::name)
            .toList()))).containsExactly("quire-one-page quire-multi-page bindfs bare", "bindfs bare quire-multi-page quire-one-page",
                "bare quire-one-page quire-multi-page bindfs", "quire-multi-page quire-one-page bindfs bare");
    }
}
