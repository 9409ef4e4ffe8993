package io.quire.engine.map;

/**
 * Where a test can stop a thread inside the protocols of this package ({@link io.quire.engine.lock.StopPoints}).
 * The number that goes with a point is the page index in the file, where nothing else is said.
 */
enum MapPoint {
    /** An entry was found to show a page; the value was not loaded. */
    LOAD_ENTRY_READ,
    /** The value was loaded; neither entry nor window nor size was read again. */
    LOAD_VALUE_READ,
    /** The entry is locked and window and size were found good; nothing was stored. */
    STORE_ENTRY_LOCKED,
    /** The table has a region for an address, which was neither counted nor checked. The number is the address. */
    TABLE_FOUND,
    /** The region was found unlocked by its sequence; its users were not counted up. The number is its start. */
    PIN_CHECKED,
    /** The region's users were counted up; its sequence was not read again. The number is its start. */
    PIN_COUNTED,
    /** A fault found the page and has a reference; the page is not locked. */
    FAULT_PAGE_PINNED,
    /** The page is locked and was found good; the entry does not show it. */
    FAULT_PAGE_LOCKED,
    /** The entry shows the page, which is still locked. */
    FAULT_INSTALLED,
    /** A store found its page read-only; the callback was not asked, and nothing is held. */
    WRITABLE_ASKING,
    /** The callback agreed, and the page was found again and referenced; it is not locked. */
    WRITABLE_GRANTED,
    /** The page is locked and dirty; the entry is not writable. */
    WRITABLE_DIRTY,
    /** The source of a private copy is referenced; neither it nor the entry is locked. */
    COPY_SOURCE_PINNED,
    /** The page was copied under the entry's bit; the source was not looked at again. */
    COPY_DONE,
    /** Fault-around holds the entry of a neighbour that is present, and has not shown it. */
    AROUND_ENTRY_LOCKED,
    /** Fault-around has raised the map count of a neighbour and not installed it. */
    AROUND_SHOWN,
    /** A region was locked by its sequence; those who use it have not gone. The number is its start. */
    CHANGE_LOCKED,
    /** A new window was published; entries of the former one are still there. The number is its start. */
    CHANGE_PUBLISHED
}
