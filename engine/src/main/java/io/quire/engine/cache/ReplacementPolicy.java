package io.quire.engine.cache;

/**
 * Chooses which page gives way when the cache is full. The implementations are in {@code io.quire.engine.evict}.
 *
 * <p>Thread-safe. A frame is told {@link #inserted} once after its page entered the tree, and {@link #removed} once before
 * its last reference is dropped; between {@link #nextVictims} and {@link #rejected} or {@link #removed} it is in transit.
 */
public interface ReplacementPolicy extends AutoCloseable {
    /** A shadow that carries no history. */
    int NO_SHADOW = -1;
    /** A page whose use byte has this value or more has been touched so often that {@link #touched} need not be called. */
    byte SATURATED = 3;

    /**
     * The cache has another capacity from now on.
     *
     * @param frames frames that may hold pages
     */
    void capacity(int frames);

    /**
     * Off-heap memory that the policy uses beside the page descriptors.
     *
     * @return bytes, which follow the capacity
     */
    long tableBytes();

    /**
     * A page entered the cache.
     *
     * @param frame     its frame
     * @param readAhead whether its first touch is not reuse, because nobody asked for it yet or because who asked has yet to find it
     * @param shadow    value left by {@link #shadow} when this page was last evicted, or {@link #NO_SHADOW} when that is not known
     * @return whether the page was evicted a short while ago
     */
    boolean inserted(int frame, boolean readAhead, int shadow);

    /**
     * A page was found by a read or write. Called on every hit of a page that is not {@link #SATURATED}: at most a plain
     * byte is written.
     *
     * @param frame its frame
     */
    void touched(int frame);

    /**
     * A page leaves the cache for good, by eviction or otherwise.
     *
     * @param frame its frame
     */
    void removed(int frame);

    /**
     * A page has moved to another frame, which takes its place. Called before the new frame is unlocked.
     *
     * @param from the former frame, unbound
     * @param to   the present one, told to nobody before
     */
    void migrated(int from, int to);

    /**
     * A compound page has become pages of one frame, which take its place. Called under the page lock that covered all of it,
     * when the order in the head's descriptor is 0 already.
     *
     * @param head  its first frame
     * @param order its former order, 1 or more
     */
    void split(int head, int order);

    /**
     * Takes candidates for eviction out of the queues.
     *
     * @param victims receives frame numbers
     * @return how many were found; 0 when there is no candidate
     */
    int nextVictims(int[] victims);

    /**
     * A candidate could not be evicted and stays.
     *
     * @param frame its frame, from {@link #nextVictims}
     */
    void rejected(int frame);

    /**
     * The value to leave in the tree in place of a page that is evicted now.
     *
     * @param frame its frame
     * @return 30 bits
     */
    int shadow(int frame);

    /**
     * A page that is not in the cache ceased to exist: what stands in its place one day is another, and new.
     *
     * @param mapping mapping id
     * @param index   page index
     */
    void forget(long mapping, long index);

    /** Gives its memory back. Nobody uses it any more. */
    @Override
    void close();

    /**
     * Checks the queues against the pages that should be in them. Only when nothing else runs.
     *
     * @param frames frames of all pages in the cache
     * @throws AssertionError naming the frame that is wrong
     */
    void verify(long frames);
}
