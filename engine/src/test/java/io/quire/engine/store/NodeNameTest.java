package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

/** The names under which a node was seen; the directory makes no difference here. */
class NodeNameTest {
    private static final int REMEMBERED = 64;

    private static byte[] bytes(final int number) {
        return ("name " + number).getBytes(StandardCharsets.US_ASCII);
    }

    /** Names 1, the oldest, to {@code count}. */
    private static NodeName list(final int count) {
        NodeName list = null;
        for (int i = 1; i <= count; i++) {
            list = new NodeName(null, bytes(i), list);
        }
        return list;
    }

    private static boolean has(final NodeName list, final int number) {
        return NodeName.has(list, null, bytes(number));
    }

    private static int count(final NodeName list) {
        return list == null ? 0 : 1 + count(list.older());
    }

    @Test
    void asManyNamesAsAreRememberedStay() {
        final NodeName all = list(REMEMBERED);
        assertThat(NodeName.behindLimit(all)).isNull();
        assertThat(NodeName.withinLimit(all)).isSameAs(all);
    }

    @Test
    void oldestOfMoreNamesIsForgotten() {
        final NodeName all = list(REMEMBERED + 1);
        final NodeName lost = NodeName.behindLimit(all);
        final NodeName kept = NodeName.withinLimit(all);
        assertThat(count(lost)).isEqualTo(1);
        assertThat(has(lost, 1)).isTrue();
        assertThat(count(kept)).isEqualTo(REMEMBERED);
        assertThat(has(kept, 1)).isFalse();
        assertThat(has(kept, 2)).isTrue();
        assertThat(has(kept, REMEMBERED + 1)).as("the newest").isTrue();
    }

    @Test
    void nameThatIsRemovedIsGoneAndNoOther() {
        final NodeName rest = NodeName.without(list(3), null, bytes(2));
        assertThat(has(rest, 2)).isFalse();
        assertThat(has(rest, 1)).isTrue();
        assertThat(has(rest, 3)).isTrue();
        assertThat(count(rest)).isEqualTo(2);
        assertThat(count(NodeName.without(list(3), null, bytes(4)))).isEqualTo(3);
    }
}
