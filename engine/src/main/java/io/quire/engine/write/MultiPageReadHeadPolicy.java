package io.quire.engine.write;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.WriteOperation;

/**
 * As {@code multi-page}, but a partial page that others follow is read first, so that it need not end the batch.
 *
 * <p>Benefit: a large write that does not begin at a page is one store write instead of two. <b>Cost</b>: a store read of the
 * head page when it is not cached. A read that fails costs that benefit only: the page then ends its batch, as under
 * {@code multi-page}. Source: the compromise discussed beside the fix of Linux {@code fuse_fill_write_pages}.
 */
final class MultiPageReadHeadPolicy extends BatchPolicy {
    @Override
    public String name() {
        return "multi-page-read-head";
    }

    @Override
    int grab(final WriteOperation operation, final long index, final int from, final int bytes, final boolean first,
        final boolean last) throws CacheException {
        final int frame = operation.grab(index, first);
        if (!first || last || operation.isUptodate(frame) || operation.coversPage(index, from, bytes)) {
            return frame;
        }
        return operation.readGrabbed(index, frame);
    }
}
