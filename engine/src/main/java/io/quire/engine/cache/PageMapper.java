package io.quire.engine.cache;

/**
 * Somebody who shows pages of a file elsewhere and must give them back when they leave: one entry of the reverse map
 * (Linux: a {@code vm_area_struct} in {@code address_space.i_mmap}). Implemented by {@code io.quire.engine.map}.
 *
 * <p>Each page that is shown is counted in the descriptor's map count. All methods are thread-safe, wait for nothing but an
 * entry's own bit, and may be called under a page lock.
 */
public interface PageMapper {
    /**
     * Takes back every entry for pages of a range and lowers their map counts. When this returns, no access through an entry
     * that was there before finds a page of the range: it faults.
     *
     * @param first first page index of the file
     * @param last  last page index, not less than {@code first}; {@link Long#MAX_VALUE} for all
     * @param even  whether entries go whose page was copied privately, as a truncate asks; a punch and an eviction leave them
     * @return entries taken back
     */
    int unmap(long first, long last, boolean even);

    /**
     * Makes entries of one page read-only, so that the next store through them faults (Linux: {@code folio_mkclean}).
     *
     * @param index page index of the file
     * @return entries that were writable
     */
    int writeProtect(long index);

    /**
     * Whether a page was accessed through an entry since this was last asked (Linux: {@code folio_referenced}).
     *
     * @param index page index of the file
     * @return whether any entry was used; none says so again until it is used again
     */
    boolean referenced(long index);

    /**
     * How many entries show a page, private copies not counted. Exact when nothing else runs.
     *
     * @param index page index of the file
     * @return entries, 0 or more
     */
    int entries(long index);
}
