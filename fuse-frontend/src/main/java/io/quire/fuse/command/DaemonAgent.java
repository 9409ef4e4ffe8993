package io.quire.fuse.command;

import org.agrona.concurrent.Agent;

/** The daemon's duty cycle beside the requests: copies the counters out and listens to the control socket. */
final class DaemonAgent implements Agent {
    private final Backend backend;
    private final CountersFile counters;
    private final ControlSocket control;

    DaemonAgent(final Backend backend, final CountersFile counters, final ControlSocket control) {
        this.backend = backend;
        this.counters = counters;
        this.control = control;
    }

    @Override
    public int doWork() throws Exception {
        backend.copyCounters(counters);
        counters.updated(System.currentTimeMillis());
        // Never tells of work: the counters would otherwise be copied without a pause.
        control.poll();
        return 0;
    }

    @Override
    public String roleName() {
        return "quire-agent";
    }
}
