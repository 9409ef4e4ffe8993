package io.quire.bench.mount;

/** Where the client and the daemon may run. */
enum Regime {
    /**
     * Both on one processor: what is measured is the work, not how long it takes to wake another processor up. The published figures were
     * taken so.
     */
    ONE_CORE("one core"),
    /** Wherever the kernel puts them. */
    FREE("free");

    private final String title;

    Regime(final String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** The name as a part of a file name. */
    String slug() {
        return title.replace(' ', '-');
    }
}
