package io.quire.engine.cache;

/** The cache's stop points, for tests of the packages above it. */
public final class CachePoints {
    private CachePoints() {
    }

    /**
     * A point by its name.
     *
     * @param name a constant of {@link CachePoint}
     * @return the point
     */
    public static Enum<?> named(final String name) {
        return CachePoint.valueOf(name);
    }
}
