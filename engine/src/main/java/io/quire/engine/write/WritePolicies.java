package io.quire.engine.write;

import java.util.List;
import java.util.stream.Collectors;

import io.quire.engine.cache.WritePolicy;

/** The write policies, by name. They hold no state: one instance serves every cache. */
public final class WritePolicies {
    /** Lock, copy, store write, unlock, page by page: the baseline. */
    public static final WritePolicy ONE_PAGE = new OnePagePolicy();
    /** Many pages per store write, all locked until the store has them: the historic deadlock, for the laboratory only. */
    public static final WritePolicy MULTI_PAGE_LOCKED = new MultiPageLockedPolicy();
    /** Many pages per store write, no page locked while another is copied: the default. */
    public static final WritePolicy MULTI_PAGE = new MultiPagePolicy();
    /** As {@link #MULTI_PAGE}, but a partial head page is read first so that it need not end the batch. */
    public static final WritePolicy MULTI_PAGE_READ_HEAD = new MultiPageReadHeadPolicy();
    /** Many pages per store write, and validity by blocks, so that a partial write needs no read. */
    public static final WritePolicy RANGE = new RangePolicy();

    private static final List<WritePolicy> ALL = List.of(ONE_PAGE, MULTI_PAGE_LOCKED, MULTI_PAGE, MULTI_PAGE_READ_HEAD,
        RANGE);

    private WritePolicies() {
    }

    /**
     * Finds a policy.
     *
     * @param name such as {@code multi-page}
     * @return the policy
     * @throws IllegalArgumentException naming the policies there are
     */
    public static WritePolicy byName(final String name) {
        for (final WritePolicy policy : ALL) {
            if (policy.name().equals(name)) {
                return policy;
            }
        }
        throw new IllegalArgumentException("there is no write policy '" + name + "'; choose one of " + names());
    }

    /**
     * All policies, those for the laboratory included.
     *
     * @return the baseline first
     */
    public static List<WritePolicy> all() {
        return ALL;
    }

    /**
     * The names of all policies.
     *
     * @return separated by commas
     */
    public static String names() {
        return ALL.stream().map(WritePolicy::name).collect(Collectors.joining(", "));
    }
}
