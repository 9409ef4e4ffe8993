package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wrong command lines end with one line that names the thing and the remedy (command.md, C1). */
class CommandLineTest {
    @TempDir
    private Path directory;
    private Path source;
    private Path mountPoint;

    @BeforeEach
    void makeDirectories() throws IOException {
        source = Files.createDirectory(directory.resolve("source"));
        mountPoint = Files.createDirectory(directory.resolve("mount"));
    }

    @Test
    void noCommandIsAUsageError() {
        assertComplaint(2, List.of(), "no command given", "quire --help");
    }

    @Test
    void anUnknownCommandIsAUsageErrorInOneLine() {
        assertComplaint(2, List.of("mout"),
            "unknown command 'mout'; the commands are mount, umount, stats, demo, policy, reproduce, replay\n");
    }

    @Test
    void aSurplusArgumentIsNamed() {
        assertComplaint(2, List.of("umount", mountPoint.toString(), "x"),
            "surplus argument 'x'; try quire umount --help");
    }

    @Test
    void emptyNamesAreRefused() {
        assertComplaint(2, List.of("mount", "", mountPoint.toString()), "the source is empty; name a directory");
        assertComplaint(2, List.of("mount", source.toString(), ""), "the mount point is empty; name a directory");
        assertComplaint(2, List.of("umount", ""), "the mount point is empty; name a directory");
        assertComplaint(2, List.of("stats", ""), "the mount point is empty; name a directory");
    }

    @Test
    void aFailureWithoutAMessageIsNamedInWords() {
        assertThat(CommandException.reason(new ClosedByInterruptException())).isEqualTo("closed by interrupt");
        assertThat(CommandException.reason(new IOException("no space"))).isEqualTo("no space");
        assertThat(CommandException.reason(new IOException())).isEqualTo("an I/O error");
    }

    @Test
    void aDirectoryIsRecognisedByWhateverName() throws IOException {
        final Path inside = Files.createDirectories(source.resolve("a/b"));
        final Path otherName = Files.createSymbolicLink(directory.resolve("link"), source);
        assertThat(Preflight.isBelow(otherName.resolve("a/b").toString(), source.toString())).isTrue();
        assertThat(Preflight.isBelow(inside.toString(), otherName.toString())).isTrue();
        assertThat(Preflight.isBelow(source.toString(), inside.toString())).isFalse();
        assertThat(Preflight.isBelow(mountPoint.toString(), source.toString())).isFalse();
    }

    @Test
    void anUnknownOptionIsAUsageErrorInOneLine() {
        assertComplaint(2, mount("--cash-size", "64m"), "--cash-size", "quire mount --help");
    }

    @Test
    void aMissingMountPointIsAUsageError() {
        assertComplaint(2, List.of("mount", source.toString()), "MOUNTPOINT", "quire mount --help");
    }

    @Test
    void anUnknownWritePolicyNamesTheKnownOnes() {
        assertComplaint(2, mount("--write-policy", "two-page"), "two-page", "one-page", "multi-page");
    }

    @Test
    void aPolicyThatCanDeadlockNeedsTheLaboratory() {
        assertComplaint(2, mount("--write-policy", "multi-page-locked"), "multi-page-locked is for the laboratory",
            "can deadlock", "--lab");
    }

    @Test
    void theReproducerNeedsOnePlaceToRun() {
        assertComplaint(2, List.of("reproduce"), "neither --engine nor a mount point");
        assertComplaint(2, List.of("reproduce", "--engine", mountPoint.toString()), "both --engine and a mount point");
        assertComplaint(2, List.of("reproduce", ""), "the mount point is empty");
        assertComplaint(1, List.of("reproduce", mountPoint.toString()), mountPoint + " is not a Quire mount", "mounted");
        assertComplaint(1, List.of("reproduce", mountPoint + "/gone"), mountPoint + "/gone is not a Quire mount");
        assertComplaint(1, List.of("reproduce", "/proc"), "/proc is not a Quire mount");
    }

    @Test
    void theReproducerNamesBadNumbersAndPolicies() {
        assertComplaint(2, List.of("reproduce", "--engine", "--runs", "0"), "--runs 0", "1 to 1000000");
        assertComplaint(2, List.of("reproduce", "--engine", "--runs", "-1"), "--runs -1", "1 to 1000000");
        assertComplaint(2, List.of("reproduce", "--engine", "--runs", "many"), "--runs", "many");
        assertComplaint(2, List.of("reproduce", "--engine", "--limit", "0"), "--limit 0", "1 to 3600");
        assertComplaint(2, List.of("reproduce", "--engine", "--policy", "two-page"), "--policy two-page", "one-page",
            "multi-page", "or all");
        assertComplaint(2, List.of("reproduce", "--engine", mountPoint.toString(), "x"), "surplus argument 'x'");
    }

    @Test
    void anUnknownTransportNamesTheKnownOne() {
        assertComplaint(2, mount("--transport", "pigeon"), "pigeon", "jnr");
    }

    @Test
    void aSizeThatIsNoneNamesTheForm() {
        assertComplaint(2, mount("--cache-size", "lots"), "--cache-size lots", "512m");
    }

    @Test
    void aCacheBelowFourMebibytesIsRefused() {
        assertComplaint(2, mount("--cache-size", "4095k"), "--cache-size 4095k", "at least 4m");
    }

    @Test
    void aCacheLargerThanMemoryIsRefused() {
        assertComplaint(2, mount("--cache-size", "100000t"), "100000t", "memory");
    }

    @Test
    void anUnknownKernelOptionIsNamedWithTheKnownOnes() {
        assertComplaint(2, mount("-o", "noatime,frobnicate"), "-o frobnicate", "nonempty");
    }

    @Test
    void aSourceThatDoesNotExistIsNamed() {
        assertComplaint(1, List.of("mount", source + "/none", mountPoint.toString()), source + "/none does not exist",
            "create it");
    }

    @Test
    void aSourceThatIsAFileIsNamed() throws IOException {
        final Path file = Files.createFile(directory.resolve("file"));
        assertComplaint(1, List.of("mount", file.toString(), mountPoint.toString()), file + " is not a directory",
            "name a directory");
    }

    @Test
    void aSourceInsideTheMountPointIsRefused() throws IOException {
        final Path inside = Files.createDirectory(mountPoint.resolve("inside"));
        assertComplaint(1, List.of("mount", inside.toString(), mountPoint.toString()), "lies inside the mount point",
            "somewhere else");
    }

    @Test
    void aSourceThatIsTheMountPointByAnotherNameIsRefused() throws IOException {
        final Path link = Files.createSymbolicLink(directory.resolve("link"), mountPoint);
        assertComplaint(1, List.of("mount", link.toString(), mountPoint.toString()), "is the mount point itself");
    }

    @Test
    void aMountPointInsideTheSourceIsRefused() throws IOException {
        final Path inside = Files.createDirectory(source.resolve("inside"));
        assertComplaint(1, List.of("mount", source.toString(), inside.toString()), "lies inside the source");
    }

    @Test
    void aMountPointThatDoesNotExistIsNamed() {
        assertComplaint(1, List.of("mount", source.toString(), mountPoint + "/none"),
            mountPoint + "/none does not exist", "mkdir");
    }

    @Test
    void aMountPointThatIsAFileIsNamed() throws IOException {
        final Path file = Files.createFile(directory.resolve("file"));
        assertComplaint(1, List.of("mount", source.toString(), file.toString()), file + " is not a directory");
    }

    @Test
    void aMountPointThatIsNotEmptyIsRefused() throws IOException {
        Files.createFile(mountPoint.resolve("file"));
        assertComplaint(1, mount(), mountPoint + " is not empty", "-o nonempty");
    }

    @Test
    void unmountingWhatIsNotMountedSaysSo() {
        assertComplaint(1, List.of("umount", mountPoint.toString()), mountPoint + " is not mounted");
    }

    @Test
    void unmountingAForeignMountIsRefusedWithItsType() {
        assertComplaint(1, List.of("umount", "/proc"), "/proc is not a Quire mount but proc");
    }

    @Test
    void statisticsOfWhatIsNotMountedSayWhatIs() {
        assertComplaint(1, List.of("stats", mountPoint.toString()), mountPoint + " is not a Quire mount", "mounted");
    }

    @Test
    void aMessageWithLineBreaksInANameStaysOneLine() {
        assertComplaint(1, List.of("mount", source + "/a\nb", mountPoint.toString()), "does not exist");
    }

    @Test
    void aTraceThatCannotBeMadeIsRefusedBeforeTheMount() throws IOException {
        final Path exists = Files.writeString(directory.resolve("exists"), "mine");
        assertComplaint(1, mount("--record", exists.toString()), "cannot record into " + exists, "exists already");
        assertThat(Files.readString(exists)).isEqualTo("mine");
        assertComplaint(2, mount("--record", ""), "the name of the trace is empty");
        assertComplaint(1, mount("--record", mountPoint + "/trace"), "lies inside the mount point", mountPoint.toString());
        final Path other = Files.createSymbolicLink(directory.resolve("link"), mountPoint);
        assertComplaint(1, mount("--record", other + "/trace"), "lies inside the mount point");
        assertComplaint(1, mount("--record", directory + "/none/trace"), "there is no directory " + directory + "/none");
        assertComplaint(1, mount("--record", "/proc/trace"), "cannot record into /proc/trace");
        assertThat(mountPoint).isEmptyDirectory();
    }

    @Test
    void whatIsNoTraceIsNotReplayed() throws IOException {
        final Path text = Files.writeString(directory.resolve("text"), "a text that is no trace at all");
        assertComplaint(1, List.of("replay", text.toString()), text + " is not a trace", "--record");
        assertComplaint(1, List.of("replay", Files.createFile(directory.resolve("empty")).toString()), "is empty");
        assertComplaint(1, List.of("replay", directory.toString()), "is a directory");
        assertComplaint(1, List.of("replay", directory + "/none"), "does not exist");
        assertComplaint(2, List.of("replay", ""), "the name of the trace is empty");
        assertComplaint(2, List.of("replay"), "TRACE", "quire replay --help");
    }

    @Test
    void theReplayNamesBadOptions() {
        final String trace = directory + "/none";
        assertComplaint(2, List.of("replay", "--write-policy", "two-page", trace), "--write-policy two-page", "multi-page");
        assertComplaint(2, List.of("replay", "--replacement", "mru", trace), "--replacement mru", "adaptive", "lru");
        assertComplaint(2, List.of("replay", "--speed", "half", trace), "--speed half", "full or recorded");
        assertComplaint(2, List.of("replay", "--cache-size", "63k", trace), "--cache-size 63k", "at least 64k");
        assertComplaint(2, mount("--cache-size", "1m"), "--cache-size 1m", "at least 4m");
        for (final String share : List.of("x%", "%", "-5%", "10%%", "1e1%", "NaN%", "10 %", "10.%")) {
            assertComplaint(2, List.of("replay", "--cache-size=" + share, trace), "--cache-size " + share + ": not a share", "10%");
        }
        for (final String share : List.of("101%", "100.5%", "999%")) {
            assertComplaint(2, List.of("replay", "--cache-size", share, trace), "--cache-size " + share, "at most 100%");
        }
        for (final String size : List.of("", "x", "64", "0", "64i", "64ib", "-1m", "1.5m", "64mm")) {
            assertComplaint(2, List.of("replay", "--cache-size=" + size, trace), "--cache-size " + size);
        }
        assertComplaint(2, List.of("replay", "--cache-size", "1m", "--cache-size", "2m", trace), "--cache-size", "only once");
        assertComplaint(2, List.of("replay", trace, trace), trace);
        assertComplaint(2, List.of("replay", "--read-ahead", "9m", trace), "--read-ahead 9m", "2m");
        for (final String cost : List.of("-1us", "5", "1h", "99999999ms", "us")) {
            assertComplaint(2, List.of("replay", "--store-cost=" + cost, trace), "--store-cost " + cost, "50us");
        }
    }

    @Test
    void helpIsNoError() {
        final List<String> complaints = new ArrayList<>();
        assertThat(Main.run(LauncherStatus.none(), complaints::add, "mount", "--help")).isZero();
        assertThat(complaints).isEmpty();
    }

    private List<String> mount(final String... options) {
        final List<String> arguments = new ArrayList<>(List.of("mount"));
        arguments.addAll(List.of(options));
        arguments.add(source.toString());
        arguments.add(mountPoint.toString());
        return arguments;
    }

    private static void assertComplaint(final int status, final List<String> arguments, final String... parts) {
        final List<String> complaints = new ArrayList<>();
        final int actual = Main.run(LauncherStatus.none(), complaints::add, arguments.toArray(String[]::new));
        assertThat(complaints).hasSize(1);
        assertThat(complaints.getFirst()).startsWith("quire: ").contains(parts).endsWith("\n");
        assertThat(complaints.getFirst().lines()).hasSize(1);
        assertThat(actual).isEqualTo(status);
    }
}
