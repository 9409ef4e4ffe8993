package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;

/**
 * What a region covers at one moment. Never changed: a region that changes gets another window, so whoever finds the same
 * window before and after an access has seen nothing of a change (M1).
 */
final class Window {
    /** Virtual address of the first byte. */
    final long start;
    /** Bytes; 0 when the region is unmapped. */
    final long length;
    /** First byte in the file, a multiple of the page size. */
    final long fileOffset;
    final boolean writable;
    final PageTable table;
    /** The window before, while its entries are still being taken back; null afterwards. */
    final Window previous;
    /** Address of the table's first entry, here to save a step. */
    final long entries;
    final long privateBase;
    final long frameBase;

    Window(final long start, final long length, final long fileOffset, final boolean writable, final PageTable table,
        final Window previous) {
        this.start = start;
        this.length = length;
        this.fileOffset = fileOffset;
        this.writable = writable;
        this.table = table;
        this.previous = previous;
        this.entries = table.entries();
        this.privateBase = table.privateBase();
        this.frameBase = table.frameBase();
    }

    /** The same, but with nothing left to take back. */
    Window settled() {
        return new Window(start, length, fileOffset, writable, table, null);
    }

    /** Number of pages. */
    long pages() {
        return length + FRAME_SIZE - 1 >>> FRAME_SHIFT;
    }

    long firstIndex() {
        return fileOffset >>> FRAME_SHIFT;
    }

    boolean isClosed() {
        return length == 0;
    }

    /** The address of a page's entry. */
    long entry(final long page) {
        return entries + (page << 3);
    }
}
