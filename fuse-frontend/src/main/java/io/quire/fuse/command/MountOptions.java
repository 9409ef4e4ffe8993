package io.quire.fuse.command;

import java.util.List;

import io.quire.engine.cache.WritePolicy;

/**
 * What a mount was asked to be; checked.
 *
 * @param source          the directory to show, canonical; for a filesystem in memory the directory made for it
 * @param sourceName      what the user called it, for messages and the mount table
 * @param inMemory        whether the source was made for this mount and goes with it
 * @param mountPoint      canonical
 * @param cacheSize       bytes of cached pages
 * @param hugePages       whether the cache asks for huge pages
 * @param writePolicy     how files are written
 * @param exclusive       whether nobody else changes the source
 * @param readOnly        whether all changes are refused
 * @param allowOther      whether other users may use the mount
 * @param foreground      whether the daemon stays in the foreground
 * @param lab             whether write policies are allowed that are known to deadlock
 * @param nonempty        whether the mount point may hold files, which the mount hides
 * @param directIo        whether the kernel caches no file data
 * @param record          the trace to make, canonical, or null for none
 * @param kernelOptions   passed on as they are
 */
record MountOptions(String source, String sourceName, boolean inMemory, String mountPoint, long cacheSize,
    boolean hugePages, WritePolicy writePolicy, boolean exclusive, boolean readOnly, boolean allowOther,
    boolean foreground, boolean lab, boolean nonempty, boolean directIo, String record, List<String> kernelOptions) {

    MountOptions withReadOnly() {
        return new MountOptions(source, sourceName, inMemory, mountPoint, cacheSize, hugePages, writePolicy, exclusive,
            true, allowOther, foreground, lab, nonempty, directIo, record, kernelOptions);
    }

    MountOptions withSource(final String made) {
        return new MountOptions(made, sourceName, inMemory, mountPoint, cacheSize, hugePages, writePolicy, exclusive,
            readOnly, allowOther, foreground, lab, nonempty, directIo, record, kernelOptions);
    }
}
