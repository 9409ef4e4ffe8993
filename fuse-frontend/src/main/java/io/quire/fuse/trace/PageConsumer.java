package io.quire.fuse.trace;

/** Takes the pages that a trace touches, in order: its reference string. */
public interface PageConsumer {
    /**
     * A page is read.
     *
     * @param file node number of the file
     * @param page index of the page in the file, 0 or more
     */
    void read(long file, long page);

    /**
     * A page is written, in part or whole.
     *
     * @param file  node number of the file
     * @param page  index of the page in the file, 0 or more
     * @param whole whether all of the page is written, so that its old bytes are not needed
     */
    void written(long file, long page, boolean whole);

    /**
     * Pages have ceased to exist, by truncation, by punching a hole, or because the file went.
     *
     * @param file node number of the file
     * @param from index of the first page, 0 or more
     * @param to   index behind the last page; {@link Long#MAX_VALUE} for all that follow
     */
    void removed(long file, long from, long to);
}
