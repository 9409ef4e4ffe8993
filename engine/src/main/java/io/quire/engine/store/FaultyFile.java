package io.quire.engine.store;

import io.quire.engine.store.FaultyStore.Call;

/** A file under the faults of a {@link FaultyStore}, which describes what happens to each call. */
final class FaultyFile implements StoreFile {
    private final FaultyStore store;
    private final StoreFile inner;
    private final String name;

    FaultyFile(final FaultyStore store, final StoreFile inner, final String name) {
        this.store = store;
        this.inner = inner;
        this.name = name;
    }

    @Override
    public long read(final long offset, final IoVector target) throws StoreException {
        return transfer(StoreOperation.READ, offset, target);
    }

    @Override
    public long write(final long offset, final IoVector source) throws StoreException {
        return transfer(StoreOperation.WRITE, offset, source);
    }

    @Override
    public void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
        pass(StoreOperation.MAP, offset, length, () -> inner.mapRange(offset, length, target));
    }

    @Override
    public void truncate(final long size) throws StoreException {
        pass(StoreOperation.TRUNCATE, size, 0, () -> inner.truncate(size));
    }

    @Override
    public void punch(final long offset, final long length) throws StoreException {
        pass(StoreOperation.PUNCH, offset, length, () -> inner.punch(offset, length));
    }

    @Override
    public void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
        pass(StoreOperation.ALLOCATE, offset, length, () -> inner.allocate(offset, length, keepSize));
    }

    @Override
    public void sync(final boolean dataOnly) throws StoreException {
        pass(StoreOperation.SYNC, 0, 0, () -> inner.sync(dataOnly));
    }

    @Override
    public void attributes(final StoreAttributes target) throws StoreException {
        pass(StoreOperation.ATTRIBUTES, 0, 0, () -> inner.attributes(target));
    }

    @Override
    public void close() throws StoreException {
        Call call = null;
        try {
            call = store.begin(StoreOperation.CLOSE, name, 0, 0);
        } finally {
            if (call == null) {
                inner.close();
            }
        }
        try {
            inner.close();
            store.fail(call);
        } finally {
            store.end(call);
        }
    }

    @Override
    public String toString() {
        return "'" + name + "' under faults, " + inner;
    }

    private long transfer(final StoreOperation operation, final long offset, final IoVector vector)
            throws StoreException {
        final Call call = store.begin(operation, name, offset, vector.bytes());
        try {
            store.fail(call);
            final long limit = call.fault().limit();
            if (limit == 0 || limit >= vector.bytes()) {
                return transfer(operation, vector, offset);
            }
            try (IoVector head = new IoVector()) {
                for (int i = 0; head.bytes() < limit; i++) {
                    head.add(vector.address(i), Math.min(vector.length(i), limit - head.bytes()));
                }
                final long done = transfer(operation, head, offset);
                store.leaveError(call);
                return done;
            }
        } finally {
            store.end(call);
        }
    }

    private long transfer(final StoreOperation operation, final IoVector vector, final long offset)
            throws StoreException {
        return operation == StoreOperation.READ ? inner.read(offset, vector) : inner.write(offset, vector);
    }

    private void pass(final StoreOperation operation, final long offset, final long length, final Action action)
            throws StoreException {
        final Call call = store.begin(operation, name, offset, length);
        try {
            store.fail(call);
            action.run();
        } finally {
            store.end(call);
        }
    }

    @FunctionalInterface
    private interface Action {
        void run() throws StoreException;
    }
}
