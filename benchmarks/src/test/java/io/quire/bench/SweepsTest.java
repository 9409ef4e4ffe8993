package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Param;

import io.quire.engine.write.WritePolicies;

/** The matrix: what is measured exists, and all that was promised is in it. */
class SweepsTest {
    private static final List<Class<?>> STATES = List.of(Requests.class, Request.class, TreeBenchmark.class, FaultBenchmark.class,
        TruncateBenchmark.class);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyPointIsABenchmarkWithParametersThatItHas(final boolean quick) throws ReflectiveOperationException {
        final Set<String> parameters = new HashSet<>();
        for (final Class<?> state : STATES) {
            Stream.of(state.getFields()).filter(field -> field.isAnnotationPresent(Param.class)).map(Field::getName).forEach(parameters::add);
        }
        for (final Sweep sweep : Sweeps.all(quick)) {
            for (final Sweep.Line line : sweep.lines()) {
                for (final Measurement point : line.points()) {
                    final String[] name = point.benchmark().split("\\.");
                    assertThat(Class.forName("io.quire.bench." + name[0]).getMethods()).anyMatch(m -> m.getName().equals(name[1]));
                    assertThat(parameters).containsAll(point.parameters().keySet());
                }
            }
        }
    }

    @Test
    void theMatrixHasEveryPolicySizeAlignmentOrderTemperatureAndStore() {
        final List<Measurement> points = Sweeps.all(false).stream().flatMap(s -> s.lines().stream()).flatMap(l -> l.points().stream()).toList();
        assertThat(values(points, "policy")).containsAll(WritePolicies.all().stream().map(p -> p.name()).toList());
        assertThat(values(points, "size")).contains("4096", "16384", "65536", "262144", "1048576");
        assertThat(values(points, "aligned")).contains("true", "false");
        assertThat(values(points, "order")).contains("random", "sequential");
        assertThat(values(points, "temperature")).contains("cached", "cold");
        assertThat(values(points, "store")).contains("cost", "tmpfs", "disk");
        assertThat(values(points, "callNanos")).contains("0", "1000", "5000", "20000", "100000");
        assertThat(values(points, "pages")).contains("1000", "10000", "100000", "1000000", "10000000");
        assertThat(points.stream().map(Measurement::threads)).contains(1, 2);
    }

    @Test
    void namesOfFilesAreUnique() {
        assertThat(Sweeps.all(false)).extracting(Sweep::id).doesNotHaveDuplicates();
    }

    @Test
    void pointsOfAJvmAreMeasuredOnce() {
        final Map<String, List<List<Measurement>>> groups = PointsRunner.group(Sweeps.all(true));
        groups.values().forEach(lines -> assertThat(lines.stream().flatMap(List::stream)).doesNotHaveDuplicates());
    }

    private static Set<String> values(final List<Measurement> points, final String parameter) {
        final Set<String> values = new HashSet<>();
        points.forEach(point -> values.add(point.parameters().getOrDefault(parameter, "")));
        return values;
    }
}
