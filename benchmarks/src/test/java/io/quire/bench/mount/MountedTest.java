package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MountedTest {
    @TempDir
    private Path directory;

    @Test
    void aDaemonThatTakesALineAndDoesNotAnswerIsOneThatHangs() throws IOException {
        final Path socket = directory.resolve("control");
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(socket));
            assertThatThrownBy(() -> Mounted.tell(socket, "record on", 1)).isInstanceOf(HungException.class)
                .hasMessage("record on: no answer after 1 s");
        }
    }
}
