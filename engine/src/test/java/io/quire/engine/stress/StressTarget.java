package io.quire.engine.stress;

import java.io.IOException;

/** What a stress run works on: a few files, through the engine or through a mount. Thread-safe. */
interface StressTarget extends AutoCloseable {
    /** Bytes read, short only at the end. */
    int read(int file, long offset, byte[] target, int length) throws IOException;

    /** Bytes written; an exception means none. */
    int write(int file, long offset, byte[] source, int length) throws IOException;

    void truncate(int file, long size) throws IOException;

    void punch(int file, long offset, long length) throws IOException;

    /** Something that must not change any content: drop the pages, sync, reopen. */
    void disturb(int file, int kind) throws IOException;

    @Override
    void close() throws IOException;
}
