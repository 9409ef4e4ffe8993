package io.quire.engine.lock;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The order learnt so far: a directed graph with an edge from each lock held to each lock waited for while holding it.
 * A new edge that closes a circle is an inversion, whether or not anything has yet gone wrong.
 *
 * <p>Nodes are lock classes, and within a class the groups (one mapping's pages, one mutex). The order of
 * {@link LockClass} is there from the start, as edges that nobody has taken. Guarded by the validator's lock.
 *
 * <p>Source: Linux {@code Documentation/locking/lockdep-design.rst}.
 */
final class LockGraph {
    /** Groups come and go (mappings are never reused), so what was learnt of them is forgotten at this many edges. */
    static final int MAX_GROUP_EDGES = 1 << 14;

    private static final long WHOLE_CLASS = Long.MIN_VALUE;

    record Node(LockClass lockClass, long group) {
        static Node of(final LockClass lockClass) {
            return new Node(lockClass, WHOLE_CLASS);
        }

        static Node of(final LockRef ref) {
            return new Node(ref.lockClass, ref.group);
        }

        @Override
        public String toString() {
            return group == WHOLE_CLASS ? lockClass.toString() : lockClass + " group " + group;
        }
    }

    /** {@code held} was held when {@code wanted} was asked for; both sites are null for a declared edge. */
    record Edge(Node from, Node to, ThreadLocks.Held held, LockRef wanted, List<StackWalker.StackFrame> where,
                String thread) {
        boolean declared() {
            return held == null;
        }
    }

    private final Map<Node, Map<Node, Edge>> edges = new HashMap<>();
    private int groupEdges;

    LockGraph() {
        final LockClass[] classes = LockClass.values();
        for (int i = 0; i + 1 < classes.length; i++) {
            put(new Edge(Node.of(classes[i]), Node.of(classes[i + 1]), null, null, List.of(), null));
        }
    }

    boolean knows(final Node from, final Node to) {
        final Edge edge = edges.getOrDefault(from, Map.of()).get(to);
        return edge != null && !edge.declared();
    }

    /** Adds an edge. Returns whether other group edges had to be forgotten for it. */
    boolean add(final Edge edge) {
        boolean forgot = false;
        if (edge.from().group() != WHOLE_CLASS && ++groupEdges > MAX_GROUP_EDGES) {
            edges.keySet().removeIf(node -> node.group() != WHOLE_CLASS);
            groupEdges = 1;
            forgot = true;
        }
        put(edge);
        return forgot;
    }

    /**
     * The shortest way from one node to another, by edges that were really taken if possible.
     *
     * @return its edges in order, empty when there is no way
     */
    List<Edge> path(final Node from, final Node to) {
        final List<Edge> learnt = path(from, to, false);
        return learnt.isEmpty() ? path(from, to, true) : learnt;
    }

    private List<Edge> path(final Node from, final Node to, final boolean declaredToo) {
        final Map<Node, Edge> cameBy = new HashMap<>();
        final Set<Node> seen = new HashSet<>(Set.of(from));
        final ArrayDeque<Node> next = new ArrayDeque<>(List.of(from));
        while (!next.isEmpty()) {
            for (final Edge edge : edges.getOrDefault(next.poll(), Map.of()).values()) {
                if ((declaredToo || !edge.declared()) && seen.add(edge.to())) {
                    cameBy.put(edge.to(), edge);
                    next.add(edge.to());
                }
            }
        }
        final List<Edge> path = new ArrayList<>();
        for (Edge edge = cameBy.get(to); edge != null; edge = cameBy.get(edge.from())) {
            path.add(edge);
        }
        Collections.reverse(path);
        return path;
    }

    private void put(final Edge edge) {
        edges.computeIfAbsent(edge.from(), node -> new LinkedHashMap<>()).put(edge.to(), edge);
    }
}
