package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class RunStateTest {
    @Test
    void theKernelTellsWhoSleeps() throws Exception {
        final CompletableFuture<RunState> state = new CompletableFuture<>();
        final AtomicBoolean spins = new AtomicBoolean(true);
        final Thread thread = Thread.ofPlatform().start(() -> {
            state.complete(RunState.ofCurrentThread());
            while (spins.get()) {
                Thread.onSpinWait();
            }
            LockSupport.park();
        });
        // Even one that never sleeps by itself is made to wait for a moment now and then, by the virtual machine.
        while (state.get().getAsBoolean()) {
            LockSupport.parkNanos(100_000);
        }
        spins.set(false);
        while (!state.get().getAsBoolean()) {
            LockSupport.parkNanos(100_000);
        }
        LockSupport.unpark(thread);
        thread.join();
    }
}
