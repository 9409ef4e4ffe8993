package io.quire.bench.mount;

import java.io.IOException;

/** A command did not end in its time: the server that it used is cleared away and mounted anew. */
final class HungException extends IOException {
    private static final long serialVersionUID = 1;

    HungException(final String message) {
        super(message);
    }
}
