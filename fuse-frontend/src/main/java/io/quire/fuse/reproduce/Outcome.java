package io.quire.fuse.reproduce;

/**
 * How a case ended.
 *
 * @param kind   in a word
 * @param detail what went wrong, or the validator's report; empty when there is nothing to tell
 * @param nanos  how long the write took
 */
public record Outcome(Kind kind, String detail, long nanos) {
    /** In a word. */
    public enum Kind {
        /** Written, and the bytes are right. */
        RIGHT,
        /** The validator reported a deadlock and the write ended with EDEADLK; the file is usable. */
        REPORTED,
        /** Not tried: the policy is not allowed there. */
        REFUSED,
        /** The bytes are wrong. */
        WRONG,
        /** The write or something around it failed. */
        FAILED,
        /** No end within the limit. */
        HUNG
    }

    static Outcome right(final long nanos) {
        return new Outcome(Kind.RIGHT, "", nanos);
    }

    static Outcome wrong(final String detail) {
        return new Outcome(Kind.WRONG, detail, 0);
    }

    static Outcome failed(final String detail) {
        return new Outcome(Kind.FAILED, detail, 0);
    }

    /**
     * A case that did not end.
     *
     * @param detail where it hangs
     * @return the outcome
     */
    public static Outcome hung(final String detail) {
        return new Outcome(Kind.HUNG, detail, 0);
    }

    /**
     * A case that was not tried.
     *
     * @return the outcome
     */
    public static Outcome refused() {
        return new Outcome(Kind.REFUSED, "", 0);
    }

    /**
     * Whether the exit status must tell of it.
     *
     * @return whether it is WRONG, FAILED or HUNG
     */
    public boolean isBad() {
        return kind.compareTo(Kind.WRONG) >= 0;
    }
}
