package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

import io.quire.engine.store.Errno;
import io.quire.fuse.vfs.FileSystem;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests on data and handles, as they come over the wire: whole, damaged, and with nobody to answer. */
class DirectOperationsTest {
    private static final byte[] NOTHING = {};

    private final TreeFileSystem files = new TreeFileSystem();

    private long create(final Wire wire, final String name) {
        final byte[] in = Arrays.copyOf(new byte[] {2}, KernelProtocol.CREATE_IN_SIZE + name.length() + 1);
        System.arraycopy(Wire.name(name), 0, in, KernelProtocol.CREATE_IN_SIZE, name.length() + 1);
        assertThat(wire.serve(Wire.message(KernelProtocol.CREATE, FileSystem.ROOT, 0, in))).isTrue();
        final Wire.Reply reply = wire.reply();
        assertThat(reply.error()).isZero();
        assertThat(reply.body()).hasSize(KernelProtocol.ENTRY_OUT_SIZE + KernelProtocol.OPEN_OUT_SIZE);
        return reply.word(KernelProtocol.ENTRY_OUT_SIZE);
    }

    @Test
    void f13WhatIsWrittenIsReadBackByOneAnswerEach() {
        try (Wire wire = new Wire(files, false)) {
            final long handle = create(wire, "f");
            final long node = 2;
            wire.serve(Wire.message(KernelProtocol.WRITE, node, 0, Wire.transfer(handle, 3, 2, (byte) 'a', (byte) 'b')));
            assertThat(wire.reply()).satisfies(reply -> {
                assertThat(reply.length()).isEqualTo(KernelProtocol.ANSWER_HEADER_SIZE + KernelProtocol.WRITE_OUT_SIZE);
                assertThat(reply.unique()).isEqualTo(Wire.UNIQUE);
                assertThat(reply.word(0)).isEqualTo(2);
            });
            wire.serve(Wire.message(KernelProtocol.READ, node, 0, Wire.transfer(handle, 2, 100)));
            assertThat(wire.reply().body()).containsExactly(0, 'a', 'b');
            wire.serve(Wire.message(KernelProtocol.READ, node, 0, Wire.transfer(handle, 100, 100)));
            assertThat(wire.reply().body()).isEmpty();
            assertThat(wire.reply()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {KernelProtocol.READ, KernelProtocol.WRITE, KernelProtocol.GETATTR, KernelProtocol.OPEN,
        KernelProtocol.CREATE, KernelProtocol.FLUSH, KernelProtocol.RELEASE, KernelProtocol.FSYNC,
        KernelProtocol.READDIR, KernelProtocol.RELEASEDIR, KernelProtocol.LOOKUP})
    void f13ARequestThatIsTooShortIsAnsweredWithEioOnce(final int opcode) {
        try (Wire wire = new Wire(files, false)) {
            assertThat(wire.serve(Wire.message(opcode, FileSystem.ROOT, 0, NOTHING))).isTrue();
            final Wire.Reply reply = wire.reply();
            assertThat(reply.error()).isEqualTo(-Errno.EIO);
            assertThat(reply.length()).isEqualTo(KernelProtocol.ANSWER_HEADER_SIZE);
            assertThat(reply.unique()).isEqualTo(Wire.UNIQUE);
            assertThat(wire.reply()).isNull();
        }
    }

    @Test
    void f13AWriteOfMoreBytesThanTheMessageHasTouchesNothing() {
        final AtomicInteger writes = new AtomicInteger();
        final TreeFileSystem counting = new TreeFileSystem() {
            @Override
            public int write(final long node, final long fh, final long offset, final long address, final int length) {
                writes.incrementAndGet();
                return length;
            }
        };
        try (Wire wire = new Wire(counting, false)) {
            wire.serve(Wire.message(KernelProtocol.WRITE, 2, 0, Wire.transfer(1, 0, 3, (byte) 'a', (byte) 'b')));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EIO);
            wire.serve(Wire.message(KernelProtocol.WRITE, 2, 0, Wire.transfer(1, 0, -1, (byte) 'a')));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EIO);
            assertThat(writes).hasValue(0);
        }
    }

    @Test
    void f13ANameThatDoesNotEndInTheMessageIsRefused() {
        try (Wire wire = new Wire(files, false)) {
            wire.serve(Wire.message(KernelProtocol.LOOKUP, FileSystem.ROOT, 0, new byte[] {'f'}));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void f13AForgetIsNeverAnswered() {
        try (Wire wire = new Wire(files, false)) {
            create(wire, "f");
            assertThat(files.nodesKnown()).isEqualTo(1);
            wire.serve(Wire.message(KernelProtocol.FORGET, 2, 0, NOTHING));
            wire.serve(Wire.message(KernelProtocol.BATCH_FORGET, 0, 0, new byte[] {9, 0, 0, 0, 0, 0, 0, 0}));
            assertThat(files.nodesKnown()).isEqualTo(1);
            final byte[] one = new byte[KernelProtocol.BATCH_FORGET_IN_SIZE + KernelProtocol.FORGET_ONE_SIZE];
            one[0] = 1;
            one[8] = 2;
            one[16] = 1;
            wire.serve(Wire.message(KernelProtocol.BATCH_FORGET, 0, 0, one));
            assertThat(files.nodesKnown()).isZero();
            assertThat(wire.reply()).isNull();
        }
    }

    @Test
    void f8AnInterruptIsRefusedForAllTimes() {
        try (Wire wire = new Wire(files, false)) {
            assertThat(wire.serve(Wire.message(KernelProtocol.INTERRUPT, 0, 0, new byte[8]))).isTrue();
            assertThat(wire.reply().error()).isEqualTo(-Errno.ENOSYS);
        }
    }

    @Test
    void f5WhatIsCreatedIsTakenBackWhenNobodyTakesTheAnswer() {
        try (Wire wire = new Wire(files, false)) {
            final byte[] in = new byte[KernelProtocol.CREATE_IN_SIZE + 2];
            in[KernelProtocol.CREATE_IN_SIZE] = 'f';
            wire.send(Wire.message(KernelProtocol.CREATE, FileSystem.ROOT, 0, in));
            assertThat(wire.receive()).isOne();
            wire.closeKernel();
            assertThat(new DirectOperations(files, false).serve(wire.worker)).isTrue();
            assertThat(files.handlesOpen()).isZero();
            assertThat(files.nodesKnown()).isZero();
        }
    }

    @Test
    void f1WhatFailsAfterItsAnswerIsNotAnsweredAgain() {
        final TreeFileSystem broken = new TreeFileSystem() {
            @Override
            public void forget(final long node, final long count) {
                throw new IllegalStateException("broken");
            }
        };
        try (Wire wire = new Wire(broken, false)) {
            assertThat(wire.serve(Wire.message(KernelProtocol.FORGET, 2, 0, new byte[8]))).isTrue();
            assertThat(wire.reply()).isNull();
        }
    }

    @Test
    void f1WhatAnOperationThrowsIsAnsweredWithEioOnce() {
        final TreeFileSystem broken = new TreeFileSystem() {
            @Override
            public int read(final long node, final long fh, final long offset, final long address, final int length) {
                throw new StackOverflowError();
            }
        };
        try (Wire wire = new Wire(broken, false)) {
            wire.serve(Wire.message(KernelProtocol.READ, 2, 0, Wire.transfer(1, 0, 1)));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EIO);
            assertThat(wire.reply()).isNull();
        }
    }

    @Test
    void f13AMessageWhoseLengthIsNotItsLengthEndsTheConnection() {
        try (Wire wire = new Wire(files, false)) {
            final byte[] message = Wire.message(KernelProtocol.FLUSH, 2, 0, new byte[24]);
            wire.send(Arrays.copyOf(message, message.length - 1));
            assertThat(wire.receive()).isEqualTo(-Errno.EIO);
            wire.send(new byte[KernelProtocol.HEADER_SIZE - 1]);
            assertThat(wire.receive()).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void f13WithAllowRootStrangersAreRefusedUnlessTheFileIsOpen() {
        final int stranger = 54_321;
        try (Wire wire = new Wire(files, true)) {
            final long handle = create(wire, "f");
            wire.serve(Wire.message(KernelProtocol.LOOKUP, FileSystem.ROOT, stranger, Wire.name("f")));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EACCES);
            wire.serve(Wire.message(KernelProtocol.OPEN, 2, stranger, new byte[8]));
            assertThat(wire.reply().error()).isEqualTo(-Errno.EACCES);
            assertThat(wire.reply()).isNull();
            wire.serve(Wire.message(KernelProtocol.READ, 2, stranger, Wire.transfer(handle, 0, 1)));
            assertThat(wire.reply().error()).isZero();
        }
    }
}
