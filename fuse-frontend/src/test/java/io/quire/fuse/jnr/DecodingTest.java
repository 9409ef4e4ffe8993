package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.quire.engine.store.Attributes;
import io.quire.engine.store.Errno;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.fuse.vfs.SetAttributes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What each message on names and attributes makes the file system do, and that a message which is not whole makes it do
 * nothing. The messages are written down here a second time, by the kernel's {@code fuse.h}.
 */
class DecodingTest {
    private static final long NODE = 3;
    private static final int KILL_SUIDGID = 1 << 11;
    /** Every byte that a name may consist of. */
    private static final String ANY = IntStream.range(1, 256).filter(c -> c != '/').collect(StringBuilder::new,
        (text, c) -> text.append((char) c), StringBuilder::append).toString();

    private static final int FALLOCATE = 43;

    /** A message and what comes of it. */
    private record Case(int opcode, byte[] body, String call, int answerSize) {
        byte[] message(final byte[] part) {
            return Wire.message(opcode, NODE, 7, part);
        }

        /** Who is not root loses set-user-ID bits by allocating, so they are looked for first (F11). */
        List<String> calls() {
            return opcode == FALLOCATE ? List.of("getattr(3, 0)", call) : List.of(call);
        }

        @Override
        public String toString() {
            return call;
        }
    }

    /** Numbers, of the sizes that they have here, and texts without a NUL of their own. */
    private static byte[] body(final Object... parts) {
        final ByteBuffer buffer = ByteBuffer.allocate(1024).order(ByteOrder.nativeOrder());
        for (final Object part : parts) {
            switch (part) {
                case final Integer word -> buffer.putInt(word);
                case final Long word -> buffer.putLong(word);
                default -> buffer.put(part.toString().getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static byte[] setattr(final int valid) {
        return body(valid, -1, 11L, 12L, 13L, -14L, 15L, 16L, 17, 18, 19, 0100604, -1, 20, 21, -1);
    }

    static Stream<Case> cases() {
        return Stream.of(
            new Case(1, body(ANY, "\0"), "lookup(7/0/1, 3, " + ANY + ")", 128),
            new Case(4, setattr(0x1bf), "setattr(7/0/1, 3, 0, 447, mode 100604 uid 20 gid 21 size 12 atime -14.17"
                + " mtime 15.18)", 104),
            new Case(6, body("n" + ANY, "\0", ANY, "\0"), "symlink(7/0/1, " + ANY + ", 3, n" + ANY + ")", 128),
            new Case(8, body(0060644, 0x80000001, 022, -1, ANY, "\0"), "mknod(7/0/1, 3, " + ANY
                + ", 24996, 18, 2147483649)", 128),
            new Case(9, body(0755, 077, ANY, "\0"), "mkdir(7/0/1, 3, " + ANY + ", 493, 63)", 128),
            new Case(10, body(ANY, "\0"), "unlink(7/0/1, 3, " + ANY + ")", 0),
            new Case(11, body(ANY, "\0"), "rmdir(7/0/1, 3, " + ANY + ")", 0),
            new Case(12, body(9L, "n" + ANY, "\0", ANY, "\0"), "rename(7/0/1, 3, n" + ANY + ", 9, " + ANY + ")", 0),
            new Case(13, body(9L, ANY, "\0"), "link(7/0/1, 9, 3, " + ANY + ")", 128),
            new Case(21, body(4, 2, ANY, "\0", "a\0b\0"), "setxattr(7/0/1, 3, " + ANY + ", a\0b\0, 2)", 0),
            new Case(22, body(100, -1, ANY, "\0"), "getxattr(3, " + ANY + ", room)", 0),
            new Case(23, body(100, -1), "listxattr(3, room)", 0),
            new Case(24, body(ANY, "\0"), "removexattr(7/0/1, 3, " + ANY + ")", 0),
            new Case(30, body(8L, 1, -1), "fsyncdir(8, true)", 0),
            new Case(34, body(5, -1), "access(7/0/1, 3, 5)", 0),
            new Case(FALLOCATE, body(8L, 1L << 40, 1L << 41, 3, -1), "fallocate(3, 8, 3, 1099511627776, 2199023255552)", 0));
    }

    private static List<String> operations(final Recorder recorder) {
        return recorder.calls.stream().filter(call -> !call.startsWith("attrTimeoutNanos")).toList();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachMessageMakesTheCallThatItStandsForAndIsAnsweredOnce(final Case given) {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            assertThat(wire.serve(given.message(given.body))).isTrue();
            assertThat(operations(recorder)).containsExactlyElementsOf(given.calls());
            final Wire.Reply reply = wire.reply();
            assertThat(reply.error()).isZero();
            assertThat(reply.unique()).isEqualTo(Wire.UNIQUE);
            assertThat(reply.body()).hasSize(given.answerSize);
            assertThat(reply.length()).isEqualTo(KernelProtocol.ANSWER_HEADER_SIZE + given.answerSize);
            assertThat(wire.reply()).isNull();
        }
    }

    /** From long to short: what the worker's buffer still has behind a message completes it, if anybody looked there. */
    @ParameterizedTest
    @MethodSource("cases")
    void f13NoMessageThatEndsEarlyReachesTheFileSystem(final Case given) {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(given.message(given.body));
            wire.reply();
            recorder.calls.clear();
            for (int length = given.body.length - 1; length >= 0; length--) {
                assertThat(wire.serve(given.message(Arrays.copyOf(given.body, length)))).isTrue();
                assertThat(wire.reply().error()).as("body of %d bytes", length).isEqualTo(-Errno.EIO);
                assertThat(wire.reply()).isNull();
            }
            assertThat(recorder.calls).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatALaterKernelAppendsIsPassedOver(final Case given) {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(given.message(Arrays.copyOf(given.body, given.body.length + 16)));
            assertThat(operations(recorder)).containsExactlyElementsOf(given.calls());
            assertThat(wire.reply().error()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anErrorIsHandedOnWithoutAPayload(final Case given) {
        final Recorder recorder = new Recorder();
        recorder.answer(given.call.substring(0, given.call.indexOf('(')), arguments -> -Errno.ENOSPC);
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(given.message(given.body));
            final Wire.Reply reply = wire.reply();
            assertThat(reply.error()).isEqualTo(-Errno.ENOSPC);
            assertThat(reply.body()).isEmpty();
            assertThat(wire.reply()).isNull();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void f5AnEntryWhoseAnswerNobodyTakesIsForgottenOnce(final Case given) {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.send(given.message(given.body));
            assertThat(wire.receive()).isOne();
            wire.closeKernel();
            assertThat(new DirectOperations(recorder.fileSystem, false).serve(wire.worker)).isTrue();
            assertThat(operations(recorder)).containsExactlyElementsOf(
                given.answerSize == KernelProtocol.ENTRY_OUT_SIZE ? List.of(given.call, "forget(5, 1)")
                    : given.calls());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void f13StrangersAreRefusedUnderAllowRootUnlessWhatTheyUseIsOpen(final Case given) {
        final Recorder recorder = new Recorder();
        final int stranger = 54_321;
        try (Wire wire = new Wire(recorder.fileSystem, true)) {
            assertThat(wire.serve(Wire.message(given.opcode, NODE, stranger, given.body))).isTrue();
            final boolean open = given.opcode == KernelProtocol.FSYNCDIR;
            assertThat(wire.reply().error()).isEqualTo(open ? 0 : -Errno.EACCES);
            assertThat(recorder.calls).hasSize(open ? 1 : 0);
            assertThat(wire.reply()).isNull();
            wire.serve(Wire.message(given.opcode, NODE, 0, given.body));
            assertThat(wire.reply().error()).isZero();
        }
    }

    @Test
    void aHandleOfSetattrCountsOnlyWhenItIsSaidToBeThereAndNoOtherBitIsHandedOn() {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(Wire.message(4, NODE, 0, setattr(-1 & ~KILL_SUIDGID)));
            assertThat(operations(recorder)).singleElement().asString().startsWith("setattr(0/0/1, 3, 11, 447, ");
            recorder.calls.clear();
            wire.serve(Wire.message(4, NODE, 0, setattr(~(1 << 6) & ~KILL_SUIDGID)));
            assertThat(operations(recorder)).singleElement().asString().startsWith("setattr(0/0/1, 3, 0, 447, ");
        }
    }

    @Test
    void f11ATruncationThatSaysSoTakesTheSetUserIdBitFirst() {
        final Recorder recorder = new Recorder();
        final Attributes program = new Attributes();
        program.mode = 0104755;
        recorder.attributes(program);
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(Wire.message(4, NODE, 7, setattr(SetAttributes.SIZE | KILL_SUIDGID)));
            assertThat(operations(recorder)).satisfiesExactly(
                call -> assertThat(call).isEqualTo("getattr(3, 0)"),
                call -> assertThat(call).startsWith("setattr(0/0/0, 3, 0, 1, mode 100755 "),
                call -> assertThat(call).startsWith("setattr(7/0/1, 3, 0, 8, mode 100604 uid 20 gid 21 size 12 "));
            assertThat(wire.toldKernel).containsExactly("fuse_lowlevel_notify_inval_inode");
            assertThat(wire.reply().error()).isZero();
            recorder.calls.clear();
            wire.serve(Wire.message(4, NODE, 7, setattr(SetAttributes.SIZE)));
            wire.serve(Wire.message(4, NODE, 7, setattr(SetAttributes.MODE | KILL_SUIDGID)));
            assertThat(operations(recorder)).hasSize(2).allMatch(call -> call.startsWith("setattr(7/0/1"));
        }
    }

    @Test
    void aValueThatIsLongerThanTheMessageIsNotSet() {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            for (final int size : new int[] {2, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
                wire.serve(Wire.message(21, NODE, 0, body(size, 0, "user.a", "\0", "v")));
                assertThat(wire.reply().error()).as("size %d", size).isEqualTo(-Errno.EIO);
            }
            assertThat(recorder.calls).isEmpty();
            wire.serve(Wire.message(21, NODE, 0, body(0, 0, "user.a", "\0")));
            assertThat(recorder.calls).containsExactly("setxattr(0/0/1, 3, user.a, , 0)");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {22, 23})
    void extendedAttributesAreAnsweredBySizeOrWholeOrNotAtAll(final int opcode) {
        final Recorder recorder = new Recorder();
        final String method = opcode == 22 ? "getxattr" : "listxattr";
        recorder.answer(method, arguments -> {
            final byte[] room = (byte[]) arguments[arguments.length - 1];
            final byte[] value = {'a', 0, 'b'};
            System.arraycopy(value, 0, room, 0, room.length == 0 ? 0 : value.length);
            return value.length;
        });
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(Wire.message(opcode, NODE, 0, body(0, 0, "user.a", "\0")));
            assertThat(wire.reply().body()).containsExactly(body(3, 0));
            wire.serve(Wire.message(opcode, NODE, 0, body(3, 0, "user.a", "\0")));
            assertThat(wire.reply().body()).containsExactly('a', 0, 'b');
            wire.serve(Wire.message(opcode, NODE, 0, body(-1, 0, "user.a", "\0")));
            assertThat(wire.reply().body()).containsExactly('a', 0, 'b');
            wire.serve(Wire.message(opcode, NODE, 0, body(2, 0, "user.a", "\0")));
            assertThat(wire.reply()).satisfies(reply -> {
                assertThat(reply.error()).isEqualTo(-Errno.ERANGE);
                assertThat(reply.body()).isEmpty();
            });
        }
    }

    @Test
    void aTargetIsAnsweredWithoutANul() {
        final Recorder recorder = new Recorder();
        recorder.answer("readlink", arguments -> {
            System.arraycopy(new byte[] {'t', (byte) 0xff}, 0, arguments[1], 0, 2);
            return 2;
        });
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(Wire.message(5, NODE, 0, new byte[0]));
            assertThat(wire.reply().body()).containsExactly('t', 0xff);
            recorder.answer("readlink", arguments -> -Errno.EINVAL);
            wire.serve(Wire.message(5, NODE, 0, new byte[0]));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EINVAL);
            assertThat(recorder.calls).containsOnly("readlink(3, room)");
        }
    }

    @Test
    void statisticsAreLaidOutAsTheKernelWantsThem() {
        final Recorder recorder = new Recorder();
        recorder.answer("statfs", arguments -> {
            final FileSystemStatistics out = (FileSystemStatistics) arguments[1];
            out.blocks = 1L << 40;
            out.blocksFree = 2;
            out.blocksAvailable = 3;
            out.files = 4;
            out.filesFree = 5;
            out.blockSize = 6;
            out.nameLength = 7;
            out.fragmentSize = 8;
            return 0;
        });
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            wire.serve(Wire.message(9, NODE, 0, body(0, 0, "d", "\0")));
            wire.reply();
            wire.serve(Wire.message(17, 0, 0, new byte[0]));
            assertThat(wire.reply().body()).containsExactly(body(1L << 40, 2L, 3L, 4L, 5L, 6, 7, 8, 0, 0L, 0L, 0L));
            wire.serve(Wire.message(17, NODE, 0, new byte[0]));
            assertThat(recorder.calls).endsWith("statfs(1)", "statfs(3)");
            recorder.answer("statfs", arguments -> -Errno.EACCES);
            wire.reply();
            wire.serve(Wire.message(17, NODE, 0, new byte[0]));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EACCES);
        }
    }

    /** The kernel takes none of 512 and more, those that it uses itself. */
    @Test
    void f1AnErrorThatTheKernelWouldNotTakeIsAnsweredAsEio() {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            for (final int error : new int[] {-511, -512, -1000, Integer.MIN_VALUE}) {
                recorder.answer("unlink", arguments -> error);
                wire.serve(Wire.message(10, NODE, 0, body("f", "\0")));
                assertThat(wire.reply().error()).isEqualTo(error == -511 ? -511 : -Errno.EIO);
            }
        }
    }

    @Test
    void f8AnIoctlIsRefusedWithoutAnOperation() {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, false)) {
            assertThat(wire.serve(Wire.message(39, NODE, 0, new byte[32]))).isTrue();
            assertThat(wire.reply().error()).isEqualTo(-Errno.ENOTTY);
            assertThat(recorder.calls).isEmpty();
        }
    }

    /** INIT, locks, BMAP, DESTROY, POLL, RENAME2, LSEEK, COPY_FILE_RANGE, TMPFILE, STATX and what is yet to come. */
    @ParameterizedTest
    @ValueSource(ints = {0, 7, 19, 26, 31, 32, 33, 37, 38, 40, 41, 44, 45, 46, 47, 51, 52, 4096, -1})
    void whatIsNotAnOperationIsLeftToLibfuse(final int opcode) {
        final Recorder recorder = new Recorder();
        try (Wire wire = new Wire(recorder.fileSystem, true)) {
            assertThat(wire.serve(Wire.message(opcode, NODE, 54_321, new byte[64]))).isFalse();
            assertThat(recorder.calls).isEmpty();
            assertThat(wire.reply()).isNull();
        }
    }
}
