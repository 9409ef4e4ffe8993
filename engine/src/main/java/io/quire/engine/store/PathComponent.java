package io.quire.engine.store;

/** A name in a directory. */
final class PathComponent {
    private PathComponent() {
    }

    /** 0 for a name that cannot lead out of its directory, or negative errno. */
    static int check(final byte[] name) {
        if (name.length == 0 || name.length == 1 && name[0] == '.'
            || name.length == 2 && name[0] == '.' && name[1] == '.') {
            return -Errno.EINVAL;
        }
        for (final byte b : name) {
            if (b == '/') {
                return -Errno.EINVAL;
            }
        }
        return 0;
    }
}
