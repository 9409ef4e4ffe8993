package io.quire.engine.write;

import java.util.Arrays;
import java.util.stream.Collectors;

import io.quire.engine.cache.WritePolicy;

/** The write policies, by name. They hold no state: one instance serves every cache. */
public final class WritePolicies {
    /** Lock, copy, store write, unlock, page by page: the baseline. */
    public static final WritePolicy ONE_PAGE = new OnePagePolicy();
    /** Many pages per store write, no page locked while another is copied: the default. */
    public static final WritePolicy MULTI_PAGE = new MultiPagePolicy();

    private static final WritePolicy[] ALL = {ONE_PAGE, MULTI_PAGE};

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
     * The names of all policies.
     *
     * @return separated by commas
     */
    public static String names() {
        return Arrays.stream(ALL).map(WritePolicy::name).collect(Collectors.joining(", "));
    }
}
