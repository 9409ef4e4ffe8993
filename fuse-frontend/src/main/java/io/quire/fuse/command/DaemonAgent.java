package io.quire.fuse.command;

import org.agrona.concurrent.Agent;
import org.agrona.concurrent.IdleStrategy;

/** The daemon's duty cycle beside the requests: copies the counters out and listens to the control socket. */
final class DaemonAgent implements Agent {
    private final Backend backend;
    private final CountersFile counters;
    private final ControlSocket control;
    private final PolicySwitch policies;

    /** The pause between two rounds, which a client of the control socket ends. */
    record Pause(ControlSocket control, long millis) implements IdleStrategy {
        @Override
        public void idle(final int workCount) {
            idle();
        }

        @Override
        public void idle() {
            control.await(millis);
        }

        @Override
        public void reset() {
            // Every pause is as long as the one before.
        }
    }

    DaemonAgent(final Backend backend, final CountersFile counters, final ControlSocket control,
        final PolicySwitch policies) {
        this.backend = backend;
        this.counters = counters;
        this.control = control;
        this.policies = policies;
    }

    @Override
    public int doWork() throws Exception {
        backend.copyCounters(counters);
        counters.updated(System.currentTimeMillis());
        // Never tells of work: the counters would otherwise be copied without a pause.
        control.poll();
        policies.endTrial();
        return 0;
    }

    @Override
    public String roleName() {
        return "quire-agent";
    }
}
