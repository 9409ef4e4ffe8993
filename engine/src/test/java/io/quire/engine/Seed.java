package io.quire.engine;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * The seed of a test that draws by chance: another one each time, unless {@code -Dquire.seed=N} gives it. To be registered as an
 * extension, so that every failure of the test tells how its draws are repeated.
 */
public final class Seed implements TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    /** Name of the system property that repeats a test's draws. */
    public static final String PROPERTY = "quire.seed";

    private final long value = Long.getLong(PROPERTY, System.nanoTime() & 0xffff_ffffL);

    /**
     * What the random numbers of the test begin with.
     *
     * @return the seed
     */
    public long value() {
        return value;
    }

    @Override
    public void handleTestExecutionException(final ExtensionContext context, final Throwable failure) {
        throw telling(failure);
    }

    @Override
    public void handleAfterEachMethodExecutionException(final ExtensionContext context, final Throwable failure) {
        throw telling(failure);
    }

    private AssertionError telling(final Throwable failure) {
        return new AssertionError("with -D" + PROPERTY + "=" + value + ": " + failure.getMessage(), failure);
    }

    @Override
    public String toString() {
        return "seed " + value;
    }
}
