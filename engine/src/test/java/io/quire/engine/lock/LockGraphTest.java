package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

import io.quire.engine.lock.LockGraph.Edge;
import io.quire.engine.lock.LockGraph.Node;
import org.junit.jupiter.api.Test;

/** L18 by constructed graphs. */
final class LockGraphTest {
    private final LockGraph graph = new LockGraph();

    @Test
    void theDeclaredOrderIsThereFromTheStartL18() {
        assertThat(graph.path(Node.of(LockClass.MAPPING), Node.of(LockClass.TREE))).hasSize(4).allMatch(Edge::declared);
        assertThat(graph.path(Node.of(LockClass.TREE), Node.of(LockClass.MAPPING))).isEmpty();
        assertThat(graph.knows(Node.of(LockClass.PAGE), Node.of(LockClass.TREE))).as("declared only").isFalse();
    }

    @Test
    void whatWasTakenIsPreferredToWhatWasDeclaredL18() {
        final Edge taken = learn(Node.of(LockClass.MAPPING), Node.of(LockClass.TREE));
        assertThat(graph.path(Node.of(LockClass.MAPPING), Node.of(LockClass.TREE))).containsExactly(taken);
    }

    @Test
    void aWayOverSeveralGroupsIsFoundL18() {
        final Edge first = learn(group(1), group(2));
        final Edge second = learn(group(2), group(3));
        learn(group(4), group(1));
        assertThat(graph.path(group(1), group(3))).containsExactly(first, second);
        assertThat(graph.path(group(3), group(1))).isEmpty();
    }

    @Test
    void theNumberOfGroupsRememberedIsBounded() {
        learn(Node.of(LockClass.PAGE), Node.of(LockClass.TREE));
        for (int i = 1; i <= LockGraph.MAX_GROUP_EDGES; i++) {
            learn(group(i), group(i + 1));
        }
        assertThat(graph.knows(group(1), group(2))).isTrue();
        assertThat(graph.add(edge(group(-1), group(-2)))).as("told that it forgot").isTrue();
        assertThat(graph.knows(group(1), group(2))).isFalse();
        assertThat(graph.knows(group(-1), group(-2))).isTrue();
        assertThat(graph.knows(Node.of(LockClass.PAGE), Node.of(LockClass.TREE))).as("classes stay").isTrue();
    }

    private Edge learn(final Node from, final Node to) {
        final Edge edge = edge(from, to);
        assertThat(graph.add(edge)).isFalse();
        return edge;
    }

    private static Edge edge(final Node from, final Node to) {
        final LockRef ref = new LockRef(LockClass.PAGE, from, 0, 1, 0, null);
        return new Edge(from, to, new ThreadLocks.Held(ref, false, null, List.of(), 0), ref, List.of(), "somebody/1");
    }

    private static Node group(final long number) {
        return new Node(LockClass.PAGE, number);
    }
}
