package io.quire.fuse.vfs;

/** On whose behalf an operation runs. A mutable holder owned by one worker thread; not thread-safe. */
public final class Caller {
    /** User id, for files that are created. */
    public int uid;
    /** Group id, for files that are created. */
    public int gid;
    /** Process id, 0 when the kernel itself asks. */
    public int pid;

    /** Makes a holder for root. */
    public Caller() {
        this(0, 0, 0);
    }

    /**
     * Makes a holder.
     *
     * @param uid user id
     * @param gid group id
     * @param pid process id
     */
    public Caller(final int uid, final int gid, final int pid) {
        set(uid, gid, pid);
    }

    /**
     * Sets all three.
     *
     * @param newUid user id
     * @param newGid group id
     * @param newPid process id
     */
    public void set(final int newUid, final int newGid, final int newPid) {
        uid = newUid;
        gid = newGid;
        pid = newPid;
    }
}
