package io.quire.engine.store;

import java.util.Arrays;

/**
 * A name under which a node was seen, and the list of those that were seen before; null is the empty list.
 *
 * @param parent the directory, on which the name holds a reference
 * @param name   the name there
 * @param older  the rest of the list
 */
record NodeName(SourceNode parent, byte[] name, NodeName older) {
    /** More names than this are not remembered for one node; the oldest is forgotten. */
    private static final int MAX_NAMES = 64;

    static boolean has(final NodeName list, final SourceNode directory, final byte[] bytes) {
        for (NodeName name = list; name != null; name = name.older) {
            if (name.is(directory, bytes)) {
                return true;
            }
        }
        return false;
    }

    /** A list without the newest of its names that is this one, in the reverse order. */
    static NodeName without(final NodeName list, final SourceNode directory, final byte[] bytes) {
        boolean found = false;
        NodeName rest = null;
        for (NodeName name = list; name != null; name = name.older) {
            if (!found && name.is(directory, bytes)) {
                found = true;
            } else {
                rest = new NodeName(name.parent, name.name, rest);
            }
        }
        return rest;
    }

    /** What is in a list behind the most names that are remembered, or null. */
    static NodeName behindLimit(final NodeName list) {
        NodeName name = list;
        for (int i = 0; name != null && i < MAX_NAMES; i++) {
            name = name.older;
        }
        return name;
    }

    /** The first names of a list, as many as are remembered. */
    static NodeName withinLimit(final NodeName list) {
        if (behindLimit(list) == null) {
            return list;
        }
        final NodeName[] first = new NodeName[MAX_NAMES];
        NodeName name = list;
        for (int i = 0; i < MAX_NAMES; i++) {
            first[i] = name;
            name = name.older;
        }
        NodeName kept = null;
        for (int i = MAX_NAMES - 1; i >= 0; i--) {
            kept = new NodeName(first[i].parent, first[i].name, kept);
        }
        return kept;
    }

    private boolean is(final SourceNode directory, final byte[] bytes) {
        return parent == directory && Arrays.equals(name, bytes);
    }
}
