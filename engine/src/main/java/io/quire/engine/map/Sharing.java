package io.quire.engine.map;

/** Who sees what is stored through a region. */
public enum Sharing {
    /** Everybody: stores go to the pages of the file, and from there to the store. */
    SHARED,
    /** This region alone: the first store to a page makes a copy. Until then the region shows later changes of the file. */
    PRIVATE
}
