package io.quire.engine.tree;

/** The tree's stop points, for tests of the packages above it. */
public final class TreePoints {
    private TreePoints() {
    }

    /**
     * A point by its name.
     *
     * @param name a constant of {@link TreePoint}
     * @return the point
     */
    public static Enum<?> named(final String name) {
        return TreePoint.valueOf(name);
    }
}
