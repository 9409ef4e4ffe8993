package io.quire.engine.lock;

import java.util.Objects;

/**
 * Names one lock to the validator: which it is (owner and number), its class, its place in the class's order.
 *
 * <p>Two references are equal when they name the same lock, whatever they say about its place: a page lock stays the same
 * lock when its page leaves the tree.
 */
final class LockRef {
    /** The group of a page lock whose page is bound to nothing: no order is known. */
    static final long NO_GROUP = 0;

    final LockClass lockClass;
    final Object owner;
    final int number;
    /** Locks of a class and group have a declared order among themselves: a mapping's pages, a table's stripes. */
    final long group;
    /** Place in the group; ascends. */
    final long order;
    private final String name;

    LockRef(final LockClass lockClass, final Object owner, final int number, final long group, final long order,
            final String name) {
        this.lockClass = lockClass;
        this.owner = owner;
        this.number = number;
        this.group = group;
        this.order = order;
        this.name = name;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof LockRef that && that.owner == owner && that.number == number;
    }

    @Override
    public int hashCode() {
        return Objects.hash(System.identityHashCode(owner), number);
    }

    @Override
    public String toString() {
        if (lockClass == LockClass.PAGE) {
            return group == NO_GROUP
                ? "PAGE (frame " + number + ", bound to nothing)"
                : "PAGE (frame " + number + ", mapping " + group + ", index " + order + ")";
        }
        return lockClass + " (" + name + ")";
    }
}
