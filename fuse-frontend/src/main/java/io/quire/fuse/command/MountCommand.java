package io.quire.fuse.command;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.write.WritePolicies;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code quire mount}: checks what was asked for, then becomes the daemon. */
@Command(name = "mount", mixinStandardHelpOptions = true,
    description = "Mount SOURCE at MOUNTPOINT through the page cache. Returns when the mount answers.")
final class MountCommand implements Callable<Integer> {
    private static final long DEFAULT_CACHE_SIZE = 512L << 20;
    private static final String IN_MEMORY = "mem:";

    private final LauncherStatus launcher;

    @Parameters(index = "0", paramLabel = "SOURCE",
        description = "a directory, or mem: for a filesystem in memory that goes with the mount")
    private String source;

    @Parameters(index = "1", paramLabel = "MOUNTPOINT", description = "an empty directory")
    private String mountPoint;

    @Option(names = "--cache-size", paramLabel = "SIZE",
        description = "memory for cached pages, with k, m or g; at least 4m (default: 512m, or a quarter of a small "
            + "machine's memory)")
    private String cacheSize;

    @Option(names = "--write-policy", paramLabel = "POLICY", defaultValue = "multi-page",
        description = "one-page, multi-page, multi-page-read-head or range; multi-page-locked only with --lab "
            + "(default: ${DEFAULT-VALUE})")
    private String writePolicy;

    @Option(names = "--transport", paramLabel = "NAME", defaultValue = "jnr",
        description = "how the kernel is spoken to: jnr, libfuse through jnr-fuse (default: ${DEFAULT-VALUE})")
    private String transport;

    @Option(names = "--huge-pages", negatable = true, defaultValue = "true", fallbackValue = "true",
        description = "back the cache with huge pages where the system has them (default); --no-huge-pages does not")
    private boolean hugePages;

    @Option(names = "--exclusive", description = "nobody else changes the source: cache names and attributes for long")
    private boolean exclusive;

    @Option(names = "--read-only", description = "refuse all changes")
    private boolean readOnly;

    @Option(names = "--allow-other", description = "let other users use the mount, as the permissions say")
    private boolean allowOther;

    @Option(names = "--record", paramLabel = "FILE",
        description = "record every operation into FILE, for quire replay; with --direct-io reads that the kernel would answer "
            + "from its own cache are recorded too")
    private String record;

    @Option(names = "--direct-io", description = "the kernel caches no file data: every read and write of a program comes in")
    private boolean directIo;

    @Option(names = {"--foreground", "-f"}, description = "stay in the foreground, with the log on standard error")
    private boolean foreground;

    @Option(names = "--lab", description = "allow write policies that are known to deadlock, with the lock-order "
        + "validator on: hazards are reported in the log, and the write ends with EDEADLK")
    private boolean lab;

    @Option(names = "-o", paramLabel = "OPTIONS", description = "options of mount(8), comma-separated, and nonempty")
    private List<String> kernelOptions = new ArrayList<>();

    MountCommand(final LauncherStatus launcher) {
        this.launcher = launcher;
    }

    @Override
    public Integer call() {
        return new Daemon(check(), launcher, FuseBackend::mount).run();
    }

    private MountOptions check() {
        CanonicalPath.named("source", source);
        CanonicalPath.named("mount point", mountPoint);
        final KernelOptions kernel = KernelOptions.parse(kernelOptions);
        final WritePolicy policy;
        try {
            policy = WritePolicies.byName(writePolicy);
        } catch (final IllegalArgumentException e) {
            throw CommandException.usage("--write-policy " + writePolicy + ": " + CommandException.reason(e));
        }
        checkLaboratory(policy);
        if (!"jnr".equals(transport)) {
            throw CommandException.usage("--transport " + transport + ": unknown transport; known is jnr");
        }
        final long memory = CacheSize.memory();
        final long size = cacheSize == null ? Math.min(DEFAULT_CACHE_SIZE, Math.max(CacheSize.MINIMUM, memory / 4))
            : CacheSize.check(cacheSize, memory);
        final boolean inMemory = IN_MEMORY.equals(source);
        if (!inMemory && source.startsWith(IN_MEMORY)) {
            throw CommandException.usage(source + ": mem: stands alone; a directory of that name is ./" + source);
        }
        final MountOptions options = new MountOptions(inMemory ? null : CanonicalPath.of(source),
            kernel.name() != null ? kernel.name() : inMemory ? IN_MEMORY : CanonicalPath.of(source), inMemory,
            CanonicalPath.of(mountPoint), size, hugePages, policy, exclusive, readOnly || kernel.readOnly(),
            allowOther || kernel.allowOther(), foreground || !launcher.isWaiting(), lab, kernel.nonempty(),
            directIo || kernel.directIo(), record == null ? null : RecordedTrace.named(record), kernel.kernel());
        Preflight.check(options);
        // Otherwise the kernel would tell programs that they may write.
        return !inMemory && NativeCalls.isReadOnly(options.source()) ? options.withReadOnly() : options;
    }

    private void checkLaboratory(final WritePolicy policy) {
        if (!lab && policy.isLaboratory()) {
            throw CommandException.usage("--write-policy "
                + Laboratory.refusal(policy, "allow it with --lab, or choose another"));
        }
        if (lab && !LockOrder.ENABLED) {
            throw CommandException.failed("--lab needs the lock-order validator, which the launcher turns on; mount with "
                + "scripts/quire, or start the JVM with -Dquire.lock.order=true");
        }
    }
}
