package io.quire.engine.store;

import java.util.Objects;

/**
 * A file that hands every call on to another, for files that add something to some calls and override those. Thread-safe when the
 * other one is.
 */
public abstract class ForwardingStoreFile implements StoreFile {
    private final StoreFile file;

    /**
     * Makes a file of another.
     *
     * @param file takes the calls; closed with this
     */
    protected ForwardingStoreFile(final StoreFile file) {
        this.file = Objects.requireNonNull(file, "file");
    }

    @Override
    public long read(final long offset, final IoVector target) throws StoreException {
        return file.read(offset, target);
    }

    @Override
    public long write(final long offset, final IoVector source) throws StoreException {
        return file.write(offset, source);
    }

    @Override
    public void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
        file.mapRange(offset, length, target);
    }

    @Override
    public void truncate(final long size) throws StoreException {
        file.truncate(size);
    }

    @Override
    public void punch(final long offset, final long length) throws StoreException {
        file.punch(offset, length);
    }

    @Override
    public void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
        file.allocate(offset, length, keepSize);
    }

    @Override
    public void sync(final boolean dataOnly) throws StoreException {
        file.sync(dataOnly);
    }

    @Override
    public void attributes(final StoreAttributes target) throws StoreException {
        file.attributes(target);
    }

    @Override
    public void close() throws StoreException {
        file.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
