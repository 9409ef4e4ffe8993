package io.quire.engine.linear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Seed;
import io.quire.engine.linear.LinearizabilityChecker.LimitException;
import io.quire.engine.linear.WordOperation.Effect;

/** The checker itself: histories made by hand, good and bad ones, and random ones against a search of all orders. */
class LinearizabilityCheckerTest {
    private static final LinearizabilityChecker CHECKER = new LinearizabilityChecker();

    @RegisterExtension
    final Seed seed = new Seed();

    private static WordOperation read(final long value, final long invoked, final long returned) {
        return new WordOperation(Effect.READ, value, invoked, returned, 0);
    }

    private static WordOperation write(final long value, final long invoked, final long returned) {
        return new WordOperation(Effect.WRITE, value, invoked, returned, 1);
    }

    private static WordOperation refused(final long value, final long invoked, final long returned) {
        return new WordOperation(Effect.REFUSED, value, invoked, returned, 2);
    }

    private static WordOperation uncertain(final long value, final long invoked, final long returned) {
        return new WordOperation(Effect.UNCERTAIN, value, invoked, returned, 3);
    }

    private static void good(final WordOperation... history) {
        assertThat(CHECKER.check(0, Arrays.asList(history))).isNull();
    }

    private static void bad(final WordOperation... history) {
        assertThat(CHECKER.check(0, Arrays.asList(history))).isNotNull();
    }

    @Test
    @DisplayName("Accepted: no operation, and one after the other")
    void sequential() {
        good();
        good(read(0, 1, 2), write(7, 3, 4), read(7, 5, 6), write(0, 7, 8), read(0, 9, 10));
    }

    @Test
    @DisplayName("Accepted: a read that overlaps a write finds either value, and two of them agree on the order")
    void overlapping() {
        good(write(7, 1, 10), read(0, 2, 3), read(7, 4, 5), read(7, 6, 7));
        good(write(7, 1, 10), read(7, 2, 6), read(0, 3, 5));
        good(write(1, 1, 10), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6), read(1, 11, 12));
    }

    @Test
    @DisplayName("Refused: a read after a write returned finds the value before it")
    void staleRead() {
        bad(write(7, 1, 2), read(0, 3, 4));
        bad(write(7, 1, 2), write(8, 3, 4), read(7, 5, 6));
    }

    @Test
    @DisplayName("Refused: a lost update, whose value nobody finds although nothing overwrote it")
    void lostUpdate() {
        bad(write(1, 1, 2), write(2, 3, 6), write(3, 4, 5), read(1, 7, 8));
    }

    @Test
    @DisplayName("Refused: a value that nobody wrote")
    void valueFromNowhere() {
        bad(write(1, 1, 4), read(9, 2, 3));
    }

    @Test
    @DisplayName("Refused: two readers of one write, the later finds the older value")
    void newOldInversion() {
        bad(write(7, 1, 10), read(7, 2, 3), read(0, 4, 5));
        bad(write(1, 1, 2), write(2, 3, 12), read(2, 4, 5), read(1, 6, 7), read(2, 8, 9));
    }

    @Test
    @DisplayName("Refused: a value that comes back after it was cut off and the truncate returned")
    void resurrection() {
        bad(write(7, 1, 2), write(0, 3, 4), read(7, 5, 6));
    }

    @Test
    @DisplayName("Refused operations: unseen, or seen and gone before they returned, but never afterwards and never twice")
    void refusedOperations() {
        good(write(1, 1, 2), refused(2, 3, 8), read(1, 9, 10));
        good(write(1, 1, 2), refused(2, 3, 8), read(2, 4, 5), read(1, 6, 7), read(1, 9, 10));
        good(write(1, 1, 2), refused(2, 3, 8), read(2, 4, 9), read(1, 6, 7));
        bad(write(1, 1, 2), refused(2, 3, 8), read(2, 9, 10));
        bad(write(1, 1, 2), refused(2, 3, 20), read(2, 4, 5), read(1, 6, 7), read(2, 8, 9), read(1, 10, 11));
        bad(write(1, 1, 2), refused(2, 3, 8), read(2, 4, 5), read(0, 6, 7));
    }

    @Test
    @DisplayName("While a refused write is visible no other write takes effect")
    void refusedOperationsExcludeWrites() {
        bad(write(1, 1, 2), refused(2, 3, 20), write(3, 4, 19), read(2, 5, 6), read(3, 7, 8), read(1, 21, 22));
        good(write(1, 1, 2), refused(2, 3, 20), write(3, 4, 19), read(2, 5, 6), read(3, 7, 8), read(3, 21, 22));
    }

    @Test
    @DisplayName("Uncertain operations: nothing, for a while, or for good; cut-off ones also later")
    void uncertainOperations() {
        good(write(1, 1, 2), uncertain(2, 3, 8), read(1, 9, 10));
        good(write(1, 1, 2), uncertain(2, 3, 8), read(2, 9, 10));
        good(write(1, 1, 2), uncertain(2, 3, 8), read(2, 4, 5), read(1, 9, 10));
        bad(write(1, 1, 2), uncertain(2, 3, 8), read(1, 9, 10), read(2, 11, 12));
        good(write(1, 1, 2), uncertain(2, 3, WordOperation.NEVER), read(1, 9, 10), read(2, 11, 12));
        bad(write(1, 1, 2), uncertain(2, 3, WordOperation.NEVER), read(2, 9, 10), read(1, 11, 12), read(2, 13, 14));
    }

    @Test
    @DisplayName("The verdict is that of a search through all orders, for random histories")
    void agreesWithAllOrders() {
        final Random random = new Random(seed.value());
        int accepted = 0;
        for (int round = 0; round < 4000; round++) {
            final List<WordOperation> history = new ArrayList<>();
            final int operations = 2 + random.nextInt(5);
            for (int i = 0; i < operations; i++) {
                final int invoked = random.nextInt(14);
                history.add(new WordOperation(random.nextBoolean() ? Effect.READ : Effect.WRITE, random.nextInt(3), invoked,
                    invoked + 1 + random.nextInt(6), i));
            }
            final boolean expected = anyOrder(history, 0);
            assertThat(CHECKER.check(0, history) == null).as("round %d: %s", round, history).isEqualTo(expected);
            accepted += expected ? 1 : 0;
        }
        assertThat(accepted).as("good ones among them").isBetween(400, 3600);
    }

    /** Wing and Gong without memory: some operation that no other one precedes comes first, and the rest follows. */
    private static boolean anyOrder(final List<WordOperation> left, final long value) {
        if (left.isEmpty()) {
            return true;
        }
        for (final WordOperation first : left) {
            if (left.stream().anyMatch(other -> other.returned() < first.invoked())
                || first.effect() == Effect.READ && first.value() != value) {
                continue;
            }
            final List<WordOperation> rest = new ArrayList<>(left);
            rest.remove(first);
            if (anyOrder(rest, first.effect() == Effect.READ ? value : first.value())) {
                return true;
            }
        }
        return false;
    }

    @Test
    @DisplayName("A long history of few threads is checked in full; one that is too large fails instead of passing")
    void bounds() {
        final List<WordOperation> history = new ArrayList<>();
        for (long i = 0; i < 20_000; i++) {
            history.add(write(i, 4 * i, 4 * i + 3));
            history.add(read(i, 4 * i + 1, 4 * i + 6));
        }
        assertThat(CHECKER.check(0, history)).isNull();
        history.add(read(19_000, 80_100, 80_101));
        assertThat(CHECKER.check(0, history).text()).contains("nothing explains", "the value is that of");

        final List<WordOperation> crowd = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            crowd.add(write(i, 1, 2));
        }
        assertThatThrownBy(() -> new LinearizabilityChecker(1000).check(0, crowd)).isInstanceOf(LimitException.class);
        for (int i = 0; i < 40; i++) {
            crowd.add(write(i, 1, 2));
        }
        assertThatThrownBy(() -> CHECKER.check(0, crowd)).isInstanceOf(LimitException.class);
    }
}
