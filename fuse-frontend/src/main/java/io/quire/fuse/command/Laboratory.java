package io.quire.fuse.command;

import io.quire.engine.cache.WritePolicy;

/** Says no to write policies that are there to show a deadlock, where nobody has asked for one. */
final class Laboratory {
    private Laboratory() {
    }

    /** What is said, with what to do about it. */
    static String refusal(final WritePolicy policy, final String remedy) {
        return policy.name() + " is for the laboratory: it keeps pages locked while it copies from the source, and so can "
            + "deadlock; " + remedy;
    }
}
