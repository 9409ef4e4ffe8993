package io.quire.fuse.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Ordinary programs on a mount, and the source afterwards. Sizes grow to the full ones with {@code -Dquire.full=true}.
 */
@Timeout(900)
class ProgramsIT {
    private static final boolean FULL = Boolean.getBoolean("quire.full");

    /** Makes a tree with odd names, modes, owners, times, links, holes and attributes. */
    private static final String MAKE_TREE = """
        import os, random, sys
        root, files = sys.argv[1].encode(), int(sys.argv[2])
        r = random.Random(7)
        os.makedirs(root)
        made = []
        for i in range(files):
            d = root + b'/d%d/e%d' % (i % 97, i % 11)
            if not os.path.isdir(d): os.makedirs(d, 0o755)
            p = d + b'/f%d' % i + r.choice([b'', b' blank', b'\\xff\\xfe', '\\u00fc'.encode(), b'\\n', b"'"])
            with open(p, 'wb') as f:
                f.write(r.randbytes(r.choice([0, 1, 100, 4095, 4096, 4097, 20000])))
                if i % 50 == 0: f.truncate(1000000 + i)
            os.chmod(p, r.choice([0o600, 0o644, 0o755, 0o400, 0o4755, 0o2711]))
            if os.geteuid() == 0 and i % 3 == 0: os.chown(p, 1000 + i % 5, 100)
            if i % 20 == 0: os.setxattr(p, 'user.quire', b'value %d' % i)
            os.utime(p, ns=(10**18 + i * 1001, 10**18 - i * 999983))
            made.append(p)
            if i % 40 == 0: os.link(p, p + b'.hard')
            if i % 41 == 0: os.symlink(b'../nowhere/%d' % i, p + b'.sym')
        os.mkfifo(root + b'/fifo')
        if os.geteuid() == 0: os.mknod(root + b'/null', 0o20666, os.makedev(1, 3))
        """;

    private static final String LISTING =
        "find . -printf '%P\\0%y %m %U %G %s %T@ %n %l\\0' | sort -z | tr '\\0' '\\n'";

    @Test
    @DisplayName("V: a tree copied in with cp -a is the same on the mount and in the source, attributes included")
    void copyOfATree() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp")) {
            final int files = FULL ? 60_000 : 4000;
            Files.writeString(mounted.work().resolve("tree.py"), MAKE_TREE);
            mounted.run("python3 tree.py original " + files, 300);
            mounted.run("cp -a original \"$MNT/copy\"", 600);
            // fifos and devices cannot be compared by content
            mounted.run("diff -r --no-dereference --exclude=fifo --exclude=null original \"$MNT/copy\"", 600);
            mounted.run("diff -r --no-dereference --exclude=fifo --exclude=null original \"$SRC/copy\"", 600);
            for (final String copy : new String[] {"$MNT/copy", "$SRC/copy"}) {
                mounted.run("diff <(cd original && " + LISTING + ") <(cd \"" + copy + "\" && " + LISTING + ")", 300);
                mounted.run("diff <(cd original && getfattr -dhR -m- . 2>&1 | sort) <(cd \"" + copy
                    + "\" && getfattr -dhR -m- . 2>&1 | sort)", 300);
            }
            mounted.run("rm -rf \"$MNT/copy\" && test -z \"$(ls -A \"$SRC\")\"", 300);
            mounted.run("rm -rf original", 300);
        }
    }

    @Test
    @DisplayName("git works on a mount: init, add, commit, gc, fsck")
    void git() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp")) {
            mounted.run("""
                cd "$MNT" && git init -q repository && cd repository \
                && git config user.name t && git config user.email t@localhost && git config gc.auto 0 \
                && for i in $(seq 1 300); do mkdir -p d$((i % 17)); head -c $((i * 37)) /dev/urandom > d$((i % 17))/f$i; done \
                && git add . && git commit -qm one && for i in $(seq 1 300 | shuf | head -50); do echo $i >> d$((i % 17))/f$i; done \
                && git commit -qam two && git gc -q && git fsck --full && git status --porcelain | (! grep .)
                """, 300);
            mounted.run("git -c safe.directory='*' -C \"$SRC/repository\" fsck --full", 120);
            mounted.run("rm -rf \"$MNT/repository\"", 60);
        }
    }

    private static final String DATABASE = """
        import sqlite3, sys
        path, mode, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
        c = sqlite3.connect(path)
        assert c.execute('pragma journal_mode=' + mode).fetchone()[0] == mode
        c.execute('create table t(id integer primary key, a text, b blob)')
        for start in range(0, rows, 1000):
            with c:
                c.executemany('insert into t values(?,?,?)', ((i, 'row %d' % i, bytes([i % 256]) * (i % 200)) for i in range(start, start + 1000)))
            if start % 7000 == 0:
                with c: c.execute('update t set a = a || "!" where id % 13 = ?', (start // 1000 % 13,))
        assert c.execute('pragma integrity_check').fetchone()[0] == 'ok'
        assert c.execute('select count(*), sum(length(b)) from t').fetchone() == (rows, sum(i % 200 for i in range(rows)))
        c.close()
        """;

    @Test
    @DisplayName("SQLite works on a mount, with a rollback journal and with a write-ahead log")
    void sqlite() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp")) {
            Files.writeString(mounted.work().resolve("database.py"), DATABASE);
            final int rows = FULL ? 100_000 : 20_000;
            for (final String mode : new String[] {"delete", "wal"}) {
                mounted.run("python3 database.py \"$MNT/" + mode + ".db\" " + mode + " " + rows, 300);
                mounted.run("python3 -c 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); "
                    + "assert c.execute(\"pragma integrity_check\").fetchone()[0]==\"ok\"' \"$SRC/" + mode + ".db\"", 60);
            }
            mounted.run("rm -f \"$MNT\"/*.db*", 30);
        }
    }

    @Test
    @DisplayName("C, W: fio verifies what it wrote: sequential, random and mixed sizes; buffered, O_DIRECT and mapped")
    void fio() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp", "--cache-size", "16m")) {
            final String size = FULL ? "256m" : "48m";
            final String common = "fio --name=v --directory=\"$MNT\" --size=" + size
                + " --verify=crc32c --verify_fatal=1 --do_verify=1 --randseed=11 --output-format=terse ";
            final String[] jobs = {
                "--ioengine=psync --rw=write --bs=64k",
                "--ioengine=psync --rw=randwrite --bs=4k",
                "--ioengine=psync --rw=randwrite --bsrange=512-1m --bs_unaligned=1 --norandommap=0",
                "--ioengine=psync --rw=randrw --bsrange=512-64k --fsync=64",
                "--ioengine=psync --direct=1 --rw=randwrite --bsrange=4k-1m",
                "--ioengine=mmap --rw=randwrite --bs=4k",
                "--ioengine=mmap --rw=write --bs=64k",
                "--ioengine=libaio --iodepth=16 --direct=1 --rw=randwrite --bs=16k --numjobs=2",
            };
            for (final String job : jobs) {
                mounted.run(common + job + " && rm -f \"$MNT\"/v.*", 300);
            }
        }
    }

    @Test
    @DisplayName("bounded: a file much larger than the cache leaves the daemon small, and stats show the evictions")
    void bounded() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp", "--cache-size", "64m")) {
            final int mebibytes = FULL ? 2048 : 512;
            mounted.run("dd if=/dev/urandom bs=1M count=" + mebibytes + " of=\"$MNT/big\" status=none && cmp \"$MNT/big\" "
                + "\"$SRC/big\" && cat \"$MNT/big\" \"$MNT/big\" | md5sum", 400);
            final String status = Files.readString(Path.of("/proc/" + mounted.daemon() + "/status"));
            final long kibibytes = status.lines().filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
            assertThat(kibibytes).as("resident KiB").isLessThan((64 + 160) * 1024);
            assertThat(mounted.stats("--json")).containsPattern("(?i)evictions\"[^0-9]*[1-9]");
            mounted.run("rm \"$MNT/big\"", 30);
        }
    }

    private static final String WRITER = """
        import os, sys
        path, log = sys.argv[1], os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o600)
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        i = 0
        while True:
            block = (b'%016d' % i) * 512
            os.pwrite(fd, block, i * len(block))
            if i % 3 == 0:
                os.fsync(fd)
                os.pwrite(log, b'%016d' % i, 0)
            i += 1
        """;

    @Test
    @DisplayName("a daemon that is killed in the middle of writing has lost nothing that fsync acknowledged")
    void killed() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp")) {
            Files.writeString(mounted.work().resolve("writer.py"), WRITER);
            for (int round = 0; round < 3; round++) {
                mounted.run("rm -f synced; (python3 writer.py \"$MNT/data\" synced > writer.out 2>&1 &) ; "
                    + "until test -s synced && test $(cat synced) -gt 200; do sleep 0.05; done; kill -9 "
                    + mounted.daemon(), 60);
                mounted.umount();
                final String check = "python3 -c 'import sys; n=int(open(\"synced\").read()); d=open(sys.argv[1],\"rb\").read(); "
                    + "assert n > 200; assert all(d[i*8192:(i+1)*8192] == (b\"%016d\" % i)*512 for i in range(n+1)); print(n)' ";
                mounted.run(check + "\"$SRC/data\"", 60);
                mounted.mountAgain();
                mounted.run(check + "\"$MNT/data\" && rm \"$MNT/data\"", 60);
            }
        }
    }

    @Test
    @DisplayName("the largest file of the source's filesystem is cut to nothing")
    void largestFile() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp")) {
            mounted.run("""
                python3 -c '
                import os, sys
                fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
                low, high = 0, 2**63 - 1
                while low < high:
                    mid = (low + high + 1) // 2
                    try: os.ftruncate(fd, mid); low = mid
                    except OSError: high = mid - 1
                os.ftruncate(fd, low)
                for at in (0, low // 2, low - 10): os.pwrite(fd, b"x" * 10, at)
                for at in (0, low // 2, low - 10): assert os.pread(fd, 10, at) == b"x" * 10
                os.ftruncate(fd, 0)
                assert os.fstat(fd).st_size == 0 and os.pread(fd, 10, 0) == b""
                os.ftruncate(fd, low)
                for at in (0, low // 2, low - 10): assert os.pread(fd, 10, at) == bytes(10)
                os.close(fd); os.unlink(sys.argv[1]); print(low)
                ' "$MNT/largest"
                """.replaceAll("(?m)^                ", ""), 60);
        }
    }

    @Test
    @DisplayName("W3, W4: ENOSPC and EROFS of the source reach the program as themselves, and what was written stays")
    void errorsOfTheSource() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp")) {
            mounted.run("mkdir \"$SRC/small\" && mount -t tmpfs -o size=6m none \"$SRC/small\"", 20);
            try {
                mounted.run("""
                    python3 -c '
                    import errno, os, sys
                    path = sys.argv[1]
                    fd = os.open(path + "/full", os.O_RDWR | os.O_CREAT)
                    block, done = os.urandom(100000), 0
                    try:
                        while True: done += os.pwrite(fd, block[: 100000 - done % 100000], done)
                    except OSError as e: assert e.errno == errno.ENOSPC, e
                    assert 5000000 < done <= 6291456, done
                    data = os.pread(fd, done + 1, 0)
                    assert len(data) == done and data == (block * 70)[:done]
                    try: os.posix_fallocate(fd, 0, 50000000); assert False
                    except OSError as e: assert e.errno == errno.ENOSPC, e
                    os.close(fd)
                    ' "$MNT/small" && cmp "$MNT/small/full" "$SRC/small/full" && mount -o remount,ro "$SRC/small" \
                    && python3 -c '
                    import errno, os, sys
                    for attempt in (lambda p: os.open(p + "/new", os.O_CREAT | os.O_RDWR), lambda p: os.mkdir(p + "/d"),
                        lambda p: os.unlink(p + "/full"), lambda p: os.chmod(p + "/full", 0), lambda p: os.truncate(p + "/full", 0),
                        lambda p: os.open(p + "/full", os.O_RDWR)):
                        try: attempt(sys.argv[1]); assert False
                        except OSError as e: assert e.errno == errno.EROFS, e
                    ' "$MNT/small"
                    """.replaceAll("(?m)^                    ", ""), 60);
            } finally {
                mounted.run("umount -l \"$SRC/small\"", 20);
            }
        }
    }

    @Test
    @DisplayName("V, F11: users get what modes and access control lists of the source give them, and own what they make")
    void otherUsers() throws Exception {
        try (MountedDirectory mounted = MountedDirectory.mount("/tmp", "--allow-other")) {
            mounted.run("""
                chmod 755 . && chmod 1777 "$MNT"
                as() { setpriv --reuid=$1 --regid=$2 --groups=$3 sh -c "$4"; }
                echo secret > "$MNT/denied" && chmod 666 "$MNT/denied" && setfacl -m u:1001:--- "$MNT/denied"
                echo shared > "$MNT/given" && chmod 600 "$MNT/given" && setfacl -m u:1000:rw "$MNT/given"
                ! as 1001 1001 1001 "cat '$MNT/denied'" 2> /dev/null && as 1002 1002 1002 "grep -q secret '$MNT/denied'" \
                && as 1000 1000 1000 "echo more >> '$MNT/given'" && ! as 1001 1001 1001 "cat '$MNT/given'" 2> /dev/null \
                && as 1000 1000 1000 "umask 027; echo mine > '$MNT/mine'; mkdir '$MNT/dir'" \
                && test "$(stat -c '%u %g %a' "$SRC/mine" "$SRC/dir" | tr '\n' ' ')" = "1000 1000 640 1000 1000 750 " \
                && ! as 1001 1001 1001 "rm '$MNT/mine'" 2> /dev/null \
                && mkdir "$MNT/group" && chown 0:5000 "$MNT/group" && chmod 2775 "$MNT/group" \
                && as 1003 1003 5000 "touch '$MNT/group/file'; mkdir '$MNT/group/dir'" \
                && test "$(stat -c '%u %g' "$SRC/group/file" "$SRC/group/dir" | tr '\n' ' ')" = "1003 5000 1003 5000 " \
                && test "$(stat -c %A "$SRC/group/dir" | cut -c7)" = s \
                && cp /bin/true "$MNT/tool" && chmod 6777 "$MNT/tool" && as 1000 1000 1000 "echo >> '$MNT/tool'" \
                && test $(stat -c %a "$SRC/tool") = 777 \\
                && chmod 6777 "$MNT/tool" && as 1000 1000 1000 ": > '$MNT/tool'" && test $(stat -c %a "$SRC/tool") = 777
                """, 60);
        }
    }
}
