package io.quire.engine.write;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.WriteOperation;

/**
 * Asks the store once where the range has holes, then works page by page and notes which blocks of 512 bytes are valid.
 *
 * <p>Benefit: a partial write of a page that is not cached needs no read, and the page stays: a read that lies in the blocks that
 * were written is a hit, another fills in what is missing. Blocks that are empty in the store are zeros without a read. Batches
 * go to the store in one vectored write, as under {@code multi-page}. <b>Cost</b>: a question to the store for each write that
 * needs one, and a page that is read after all is read in pieces. A block that is written in part, and whose other part may be
 * stored, is neither: its page stays locked and ends the batch. Source: Linux {@code iomap_file_buffered_write} and
 * {@code iomap_folio_state}.
 */
final class RangePolicy extends BatchPolicy {
    @Override
    public String name() {
        return "range";
    }

    @Override
    boolean mark(final WriteOperation operation, final long index, final int frame, final int from, final int bytes)
        throws CacheException {
        return operation.markBlocks(index, frame, from, bytes);
    }
}
