/**
 * Locks: the page lock with its hashed wait table, the fault-mutex table, sequence counts, and the validator that watches
 * the order of all of them.
 *
 * <p>Start at {@link io.quire.engine.lock.PageLocks}; {@link io.quire.engine.lock.FaultMutexTable} serialises fills and
 * truncation; {@link io.quire.engine.lock.OrderedMutex} is every other lock of the engine. The lock order is that of
 * {@link io.quire.engine.lock.LockClass}, and {@link io.quire.engine.lock.LockOrder} checks it at run time when the
 * system property {@code quire.lock.order} is true. When it is not, its hooks are constants that the compiler removes.
 *
 * <p>The numbered invariants (L1 and on), the state machine of a wait, the table of what each lock protects, and the
 * sources are in {@code native-notes/locks.md}.
 */
package io.quire.engine.lock;
