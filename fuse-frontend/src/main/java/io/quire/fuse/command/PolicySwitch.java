package io.quire.fuse.command;

import java.io.IOException;
import java.util.Map;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.write.WritePolicies;

/**
 * The write policy of a mount, switched while it is used. A policy that is only tried goes with the process that tries it,
 * which holds {@link MountState#claimTrial} as long as it lives: whatever ends it, the policy from before comes back. Used
 * by the daemon's agent alone.
 */
final class PolicySwitch {
    private final MountState state;
    private final MountOptions options;
    private final Backend backend;
    private WritePolicy now;
    /** What comes back after a trial; null when there is none. */
    private WritePolicy before;

    PolicySwitch(final MountState state, final MountOptions options, final Backend backend) {
        this.state = state;
        this.options = options;
        this.backend = backend;
        this.now = options.writePolicy();
    }

    /** Switches for good; returns what to tell the user. */
    String set(final String name) {
        final WritePolicy policy = allowed(name);
        before = null;
        return switchTo(policy);
    }

    /** Switches until {@link #putBack} or the end of the process that tries. */
    String attempt(final String name) {
        final WritePolicy policy = allowed(name);
        before = before == null ? now : before;
        return switchTo(policy);
    }

    String putBack() {
        final WritePolicy policy = before == null ? now : before;
        before = null;
        return switchTo(policy);
    }

    /** Ends a trial whose process has gone without a word. */
    void endTrial() {
        if (before != null && !state.isTried()) {
            putBack();
        }
    }

    private WritePolicy allowed(final String name) {
        final WritePolicy policy;
        try {
            policy = WritePolicies.byName(name);
        } catch (final IllegalArgumentException e) {
            throw CommandException.usage(CommandException.reason(e));
        }
        if (!options.lab() && policy.isLaboratory()) {
            throw CommandException.failed(Laboratory.refusal(policy, "mount " + options.mountPoint()
                + " again with --lab to use it"));
        }
        return policy;
    }

    private String switchTo(final WritePolicy policy) {
        backend.writePolicy(policy);
        now = policy;
        final Map<String, String> properties = state.properties();
        properties.put(MountState.WRITE_POLICY, policy.name());
        try {
            state.write(properties);
        } catch (final IOException e) {
            throw CommandException.failed("switched, but " + CommandException.reason(e), e);
        }
        return options.mountPoint() + " now writes " + policy.name();
    }
}
