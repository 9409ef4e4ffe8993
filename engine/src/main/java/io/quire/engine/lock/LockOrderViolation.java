package io.quire.engine.lock;

/**
 * A lock was about to be taken out of order, by a thread that holds it already, or in a circle of waiting threads. The
 * message is the whole report. The lock was not taken.
 */
public final class LockOrderViolation extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    LockOrderViolation(final String report) {
        super(report);
    }
}
