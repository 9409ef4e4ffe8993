package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.quire.engine.memory.PageDescriptors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** L24: in a virtual machine of its own, as production runs. */
@Timeout(300)
final class ValidatorOffTest {
    @Test
    void nothingIsCheckedAndNothingIsKeptWhenTheValidatorIsOffL24() throws IOException, InterruptedException {
        final Process child = new ProcessBuilder(List.of(
            System.getProperty("java.home") + "/bin/java", "-ea", "-Xmx64m",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp", System.getProperty("java.class.path"), Production.class.getName()))
            .redirectErrorStream(true).start();
        final String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(200, TimeUnit.SECONDS)).isTrue();
        assertThat(output).isEqualTo("off 0 0\n");
        assertThat(child.exitValue()).isZero();
    }

    /** Takes locks in every wrong order that cannot hang. */
    static final class Production {
        private Production() {
        }

        public static void main(final String[] arguments) {
            final OrderedMutex tree = new OrderedMutex(LockClass.TREE, "tree");
            final FaultMutexTable faults = new FaultMutexTable(1);
            try (PageDescriptors pages = new PageDescriptors(8); PageLocks locks = new PageLocks(pages, 1)) {
                pages.bind(1, 7, 1, 0);
                pages.bind(2, 7, 2, PageDescriptors.LOCKED);
                tree.lock();
                locks.adopted(2);
                locks.lock(1);
                faults.passAll();
                LockOrder.assertNoneHeld("ending");
                LockOrder.assertNoPageHeld("ending");
                System.out.println((LockOrder.ENABLED ? "on " : "off ") + LockOrder.reports().size() + " "
                    + LockOrder.heldByCurrentThread().size());
                locks.unlock(1);
                locks.unlock(2);
                tree.unlock();
            }
        }
    }
}
