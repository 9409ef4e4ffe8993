package io.quire.engine.store;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * Which calls of a {@link FaultyStore} go wrong, and how: a pure function of a seed, the kind of the call and its number
 * among the calls of that kind. So a plan that failed a test can be run again, whatever the threads do. Prints itself.
 * Immutable and thread-safe.
 *
 * <p>Example:
 * {@snippet :
 * FaultPlan plan = FaultPlan.seeded(seed)
 *     .errors(StoreOperation.WRITE, 0.05, Errno.ENOSPC, Errno.EIO)
 *     .shortens(StoreOperation.READ, 0.2)
 *     .delays(StoreOperation.SYNC, 1)
 *     .build();
 * }
 */
public final class FaultPlan {
    private static final FaultPlan NONE = seeded(0).build();
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final long seed;
    private final Map<StoreOperation, Rule> rules;

    private FaultPlan(final long seed, final Map<StoreOperation, Rule> rules) {
        this.seed = seed;
        this.rules = rules;
    }

    /**
     * The plan under which nothing goes wrong.
     *
     * @return always the same
     */
    public static FaultPlan none() {
        return NONE;
    }

    /**
     * Begins a plan.
     *
     * @param seed any number; the same one gives the same faults
     * @return a builder without faults
     */
    public static Builder seeded(final long seed) {
        return new Builder(seed);
    }

    /**
     * The seed.
     *
     * @return as given
     */
    public long seed() {
        return seed;
    }

    /**
     * What is to happen to a call.
     *
     * @param operation its kind
     * @param call      its number among the calls of that kind, from 1
     * @param length    bytes that a transfer wants, 0 for other calls; a transfer is shortened only when it wants two or
     *                  more
     * @return the fault, {@link Fault#NONE} for most
     */
    public Fault faultFor(final StoreOperation operation, final long call, final long length) {
        final Rule rule = rules.get(operation);
        if (rule == null) {
            return Fault.NONE;
        }
        final long random = mix(seed + GOLDEN * (call * StoreOperation.values().length + operation.ordinal() + 1));
        final boolean delayed = chance(mix(random + 1)) < rule.delays;
        final double dice = chance(mix(random + 2));
        final long detail = mix(random + 3);
        if (dice < rule.errors) {
            return new Fault(delayed, 0, rule.errnos[(int) Long.remainderUnsigned(detail, rule.errnos.length)]);
        }
        if (dice < rule.errors + rule.shortens && length > 1) {
            return new Fault(delayed, shortened(length, detail), 0);
        }
        return delayed ? Fault.delay() : Fault.NONE;
    }

    /** Half of the short transfers end at a multiple of 512, where real devices stop; the rest anywhere. */
    private static long shortened(final long length, final long random) {
        final long bytes = 1 + Long.remainderUnsigned(random >>> 1, length - 1);
        final long sectors = bytes & -512;
        return (random & 1) == 0 && sectors > 0 ? sectors : bytes;
    }

    /** Between 0 (included) and 1 (excluded). */
    private static double chance(final long random) {
        return (random >>> 11) * 0x1.0p-53;
    }

    /** The finalizer of SplitMix64: every bit of the input reaches every bit of the result. */
    private static long mix(final long value) {
        long z = value + GOLDEN;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    @Override
    public String toString() {
        if (rules.isEmpty()) {
            return "FaultPlan[nothing goes wrong]";
        }
        final StringBuilder text = new StringBuilder("FaultPlan[seed ").append(seed);
        rules.forEach((operation, rule) -> text.append("; ").append(operation).append(' ').append(rule));
        return text.append(']').toString();
    }

    /** Probabilities of one kind of call. */
    private record Rule(double errors, int[] errnos, double shortens, double delays) {
        private static final Rule EMPTY = new Rule(0, new int[0], 0, 0);

        @Override
        public String toString() {
            return "fails " + errors + " with " + Arrays.stream(errnos).mapToObj(Errno::name).toList() + ", is short "
                + shortens + ", is delayed " + delays;
        }
    }

    /** Collects the probabilities of a plan. Not thread-safe. */
    public static final class Builder {
        private final long seed;
        private final Map<StoreOperation, Rule> rules = new EnumMap<>(StoreOperation.class);

        private Builder(final long seed) {
            this.seed = seed;
        }

        /**
         * Lets calls fail without any effect.
         *
         * @param operation   kind of call
         * @param probability 0 to 1
         * @param errnos      one is taken at random, as in {@link Errno}; at least one
         * @return this
         */
        public Builder errors(final StoreOperation operation, final double probability, final int... errnos) {
            requireProbability(probability);
            if (errnos.length == 0 || Arrays.stream(errnos).anyMatch(e -> e <= 0)) {
                throw new IllegalArgumentException("failing needs error numbers, of more than 0");
            }
            final Rule old = rules.getOrDefault(operation, Rule.EMPTY);
            return put(operation, new Rule(probability, errnos.clone(), old.shortens, old.delays));
        }

        /**
         * Lets transfers stop early, after at least one byte.
         *
         * @param operation   READ or WRITE
         * @param probability 0 to 1
         * @return this
         */
        public Builder shortens(final StoreOperation operation, final double probability) {
            requireProbability(probability);
            if (!operation.isTransfer()) {
                throw new IllegalArgumentException(operation + " cannot be short");
            }
            final Rule old = rules.getOrDefault(operation, Rule.EMPTY);
            return put(operation, new Rule(old.errors, old.errnos, probability, old.delays));
        }

        /**
         * Lets the delay hook of the store run before calls.
         *
         * @param operation   kind of call
         * @param probability 0 to 1
         * @return this
         */
        public Builder delays(final StoreOperation operation, final double probability) {
            requireProbability(probability);
            final Rule old = rules.getOrDefault(operation, Rule.EMPTY);
            return put(operation, new Rule(old.errors, old.errnos, old.shortens, probability));
        }

        /**
         * Finishes the plan.
         *
         * @return the plan
         * @throws IllegalStateException when failing and being short together are more than certain
         */
        public FaultPlan build() {
            rules.forEach((operation, rule) -> {
                if (rule.errors + rule.shortens > 1) {
                    throw new IllegalStateException(operation + " fails or is short with probability "
                        + (rule.errors + rule.shortens));
                }
            });
            return new FaultPlan(seed, new EnumMap<>(rules));
        }

        private Builder put(final StoreOperation operation, final Rule rule) {
            rules.put(operation, rule);
            return this;
        }

        private static void requireProbability(final double probability) {
            if (!(probability >= 0 && probability <= 1)) {
                throw new IllegalArgumentException(probability + " is no probability");
            }
        }
    }
}
