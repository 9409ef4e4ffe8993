package io.quire.engine.evict;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

import io.quire.engine.cache.ReplacementFactory;
import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.memory.PageDescriptors;

/** The replacement policies, by name. A policy holds the queues of one cache: what has the name is its maker. */
public final class ReplacementPolicies {
    /** A small probationary queue and a main clock, divided as refaults ask for: the default. */
    public static final Named ADAPTIVE = new Named("adaptive", AdaptivePolicy::new);
    /** A small probationary queue of a tenth, and a main clock: a reference. */
    public static final Named S3_FIFO = new Named("s3-fifo", S3FifoPolicy::new);
    /** First in, first out, with another round for what was touched: a reference. */
    public static final Named CLOCK = new Named("clock", ClockPolicy::new);
    /** Exact recency, at the price of a lock at every hit: a reference. */
    public static final Named LRU = new Named("lru", LruPolicy::new);
    /** The policy of a cache that does not choose one. */
    public static final Named DEFAULT = ADAPTIVE;

    private static final List<Named> ALL = List.of(ADAPTIVE, S3_FIFO, CLOCK, LRU);

    private ReplacementPolicies() {
    }

    /**
     * A maker of replacement policies that has a name.
     *
     * @param name    by which users choose it
     * @param factory makes the policy
     */
    public record Named(String name, ReplacementFactory factory) implements ReplacementFactory {
        /** Makes a named maker. */
        public Named {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(factory, "factory");
        }

        @Override
        public ReplacementPolicy create(final PageDescriptors descriptors) {
            return factory.create(descriptors);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * Finds a policy.
     *
     * @param name such as {@code adaptive}
     * @return its maker
     * @throws IllegalArgumentException naming the policies there are
     */
    public static Named byName(final String name) {
        for (final Named policy : ALL) {
            if (policy.name().equals(name)) {
                return policy;
            }
        }
        throw new IllegalArgumentException("there is no replacement policy '" + name + "'; choose one of " + names());
    }

    /**
     * All policies, the references included.
     *
     * @return the default first
     */
    public static List<Named> all() {
        return ALL;
    }

    /**
     * The names of all policies.
     *
     * @return separated by commas
     */
    public static String names() {
        return ALL.stream().map(Named::name).collect(Collectors.joining(", "));
    }
}
