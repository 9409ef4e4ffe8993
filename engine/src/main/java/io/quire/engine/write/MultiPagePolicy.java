package io.quire.engine.write;

/**
 * Many pages per store write, and no page locked while another is copied.
 *
 * <p>Benefit: one store call for up to a megabyte. A page that is uptodate, or becomes so because it is overwritten whole, is
 * unlocked before any further copy from the source; a partial page that is not uptodate stays locked and ends the batch. So
 * a source that is a mapping of the very file being written can always be faulted in (W1). <b>Cost</b>: a page is visible to
 * readers before the store has it; when the store then fails the page is dropped (W3), and the reference held meanwhile keeps
 * it from being evicted and read back old (W2). Source: Linux {@code fuse_fill_write_pages} after the fix.
 */
final class MultiPagePolicy extends BatchPolicy {
    @Override
    public String name() {
        return "multi-page";
    }
}
