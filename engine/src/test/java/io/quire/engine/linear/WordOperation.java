package io.quire.engine.linear;

/**
 * One operation on one aligned 8-byte word of a file, as the thread that called it saw it.
 *
 * <p>A word that lies beyond the end of the file counts as zero: a truncate is a write of zero, growth is nothing at all.
 *
 * @param effect   what it may have done to the word
 * @param value    what was read, or was to be written
 * @param invoked  when it began, in ticks of the recorder's clock
 * @param returned when it ended; {@link #NEVER} when it did not
 * @param thread   who called it
 */
record WordOperation(Effect effect, long value, long invoked, long returned, int thread) {
    /** The operation was cut off: it may take effect at any time after it began. */
    static final long NEVER = Long.MAX_VALUE;

    /** What an operation does to a word between its two ticks. */
    enum Effect {
        /** Finds the value. */
        READ,
        /** Leaves the value. */
        WRITE,
        /** Was refused by the store: nobody has seen it, or it was seen for a while and taken back before it returned. */
        REFUSED,
        /** Failed, and nobody knows what arrived: as REFUSED, or it stays. */
        UNCERTAIN
    }

    WordOperation {
        if (returned <= invoked) {
            throw new IllegalArgumentException("an operation ends after it began, not at " + returned + " after " + invoked);
        }
    }

    @Override
    public String toString() {
        return "[" + invoked + ", " + (returned == NEVER ? "-" : returned) + "] thread " + thread + " " + effect + " "
            + Long.toHexString(value);
    }
}
