package io.quire.fuse.command;

/**
 * One line on standard error that says what is being done: overwritten on a terminal, one after the other elsewhere.
 */
final class Progress implements AutoCloseable {
    private static final String CLEAR = "\r\033[K";

    private final boolean terminal = System.console() != null && System.console().isTerminal();
    private final boolean linesToo;
    private boolean shown;
    private String last;

    /** For a terminal and for a log alike. */
    Progress() {
        this(true);
    }

    private Progress(final boolean linesToo) {
        this.linesToo = linesToo;
    }

    /** Only for those who watch: elsewhere nothing but the result is printed. */
    static Progress onTerminal() {
        return new Progress(false);
    }

    void say(final String what) {
        say(what, "");
    }

    /** The detail is only for those who watch. */
    void say(final String what, final String detail) {
        if (terminal) {
            System.err.print(CLEAR + "quire: " + what + detail + " ...");
        } else if (linesToo && !what.equals(last)) {
            System.err.println("quire: " + what);
        }
        System.err.flush();
        last = what;
        shown = true;
    }

    @Override
    public void close() {
        end();
    }

    /** Leaves the line clear. */
    void end() {
        if (terminal && shown) {
            System.err.print(CLEAR);
            System.err.flush();
            shown = false;
        }
    }
}
