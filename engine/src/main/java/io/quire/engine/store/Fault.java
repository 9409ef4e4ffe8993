package io.quire.engine.store;

/**
 * What a {@link FaultyStore} does to one call. Immutable.
 *
 * <table>
 * <caption>Meaning of limit and errno</caption>
 * <tr><th>limit</th><th>errno</th><th>effect</th></tr>
 * <tr><td>0</td><td>not 0</td><td>the call fails and the store below is not asked</td></tr>
 * <tr><td>not 0</td><td>0</td><td>the transfer stops after that many bytes</td></tr>
 * <tr><td>not 0</td><td>not 0</td><td>the same, and the next call of this kind on this file fails: how a store tells,
 *     by the contract, of an error in the middle of a transfer</td></tr>
 * <tr><td>0</td><td>0</td><td>none but the delay</td></tr>
 * </table>
 *
 * @param delayed whether the delay hook of the store runs before the call
 * @param limit   bytes after which a transfer stops, 0 for no limit
 * @param errno   error number as in {@link Errno}, 0 for none
 */
public record Fault(boolean delayed, long limit, int errno) {
    /** Nothing happens to the call. */
    public static final Fault NONE = new Fault(false, 0, 0);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException when a number is negative
     */
    public Fault {
        if (limit < 0 || errno < 0) {
            throw new IllegalArgumentException("a fault needs a limit and an errno of 0 or more");
        }
    }

    /**
     * The call fails without any effect.
     *
     * @param errno error number as in {@link Errno}, more than 0
     * @return the fault
     */
    public static Fault error(final int errno) {
        return new Fault(false, 0, errno);
    }

    /**
     * A transfer stops early. One that is not longer than the limit is not changed.
     *
     * @param bytes how many are transferred, 1 or more
     * @return the fault
     */
    public static Fault shorten(final long bytes) {
        return new Fault(false, bytes, 0);
    }

    /**
     * A transfer stops early, and the next of its kind on the same file fails.
     *
     * @param bytes how many are transferred, 1 or more
     * @param errno error number of the next call, more than 0
     * @return the fault
     */
    public static Fault errorAfter(final long bytes, final int errno) {
        return new Fault(false, bytes, errno);
    }

    /**
     * The call is only held up.
     *
     * @return the fault
     */
    public static Fault delay() {
        return new Fault(true, 0, 0);
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(delayed ? "delay" : "");
        if (limit > 0) {
            text.append(text.isEmpty() ? "" : ", ").append("stop after ").append(limit).append(" bytes");
        }
        if (errno > 0) {
            text.append(text.isEmpty() ? "" : ", ").append(limit > 0 ? "then " : "").append(Errno.name(errno));
        }
        return text.isEmpty() ? "no fault" : text.toString();
    }
}
