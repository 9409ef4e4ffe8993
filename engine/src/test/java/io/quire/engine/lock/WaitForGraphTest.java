package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

import org.junit.jupiter.api.Test;

/** L21 by constructed states: a circle is what stands at one moment, and nothing else. */
final class WaitForGraphTest {
    private final WaitForGraph graph = new WaitForGraph();
    private final ThreadLocks a = new ThreadLocks();
    private final ThreadLocks b = new ThreadLocks();
    private final ThreadLocks c = new ThreadLocks();
    private final LockRef first = lock(1);
    private final LockRef second = lock(2);
    private final LockRef third = lock(3);

    @Test
    void aChainThatEndsIsNoCircleL21() {
        holds(b, second);
        waits(a, second);
        assertThat(graph.circle(a)).as("b runs").isEmpty();
        waits(b, third);
        assertThat(graph.circle(a)).as("the third lock is on its way to somebody").isEmpty();
    }

    @Test
    void aCircleIsFoundFromEachOfItsMembersL21() {
        holds(a, first);
        holds(b, second);
        holds(c, third);
        waits(a, second);
        waits(b, third);
        waits(c, first);
        assertThat(graph.circle(a)).extracting(WaitForGraph.Step::thread).containsExactly(a, b, c);
        assertThat(graph.circle(c)).extracting(WaitForGraph.Step::thread).containsExactly(c, a, b);
    }

    @Test
    void aThreadThatWaitsForACircleIsNotPartOfItL21() {
        holds(b, second);
        holds(c, third);
        waits(a, second);
        waits(b, third);
        waits(c, second);
        assertThat(graph.circle(a)).isEmpty();
        assertThat(graph.circle(b)).hasSize(2);
    }

    @Test
    void aLockThatWasGivenBackBreaksTheCircleL21() {
        holds(a, first);
        holds(b, second);
        waits(a, second);
        waits(b, first);
        graph.free(second);
        assertThat(graph.circle(a)).isEmpty();
    }

    @Test
    void locksOfAnOwnerThatGoesAwayAreForgotten() {
        holds(a, first);
        a.push(graph.holder(first));
        graph.forget(this);
        assertThat(graph.holder(first)).isNull();
        assertThat(a.held()).isEmpty();
    }

    private void holds(final ThreadLocks thread, final LockRef ref) {
        graph.held(new ThreadLocks.Held(ref, false, thread, List.of(), 0));
    }

    private void waits(final ThreadLocks thread, final LockRef ref) {
        thread.waiting = new ThreadLocks.Wait(ref, List.of(), 0);
    }

    private LockRef lock(final int number) {
        return new LockRef(LockClass.PAGE, this, number, LockRef.NO_GROUP, 0, null);
    }
}
