package io.quire.engine.store;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Makes the downcall handles of the system-call classes. Pointers are plain longs, so that a call needs no segment but
 * the one in which errno is captured (see {@link CallScratch#state()}), which is the first argument of every handle.
 *
 * <p><b>The fields that hold handles are static but not final.</b> The linker's code takes a slice of that segment in each
 * call. The slice is no object in compiled code only as long as all of the linker's code is inlined, and as a constant a
 * handle is compiled as a part of its callers: where they are so deep that HotSpot's MaxInlineLevel is reached, each call
 * leaves 40 bytes. A handle that is no constant is called, and HotSpot compiles what it does by itself, whoever calls. That
 * costs a call of some nanoseconds beside the system call.
 */
final class NativeCall {
    static final MemoryLayout INT = ValueLayout.JAVA_INT;
    static final MemoryLayout LONG = ValueLayout.JAVA_LONG;

    /** The two Linux ABIs that are supported differ in some open flags and in system call numbers. */
    static final boolean ARM = isArm(System.getProperty("os.arch"));

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private NativeCall() {
    }

    /** A handle for a C function of fixed arguments. */
    static MethodHandle handle(final String name, final MemoryLayout result, final MemoryLayout... arguments) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name),
            FunctionDescriptor.of(result, arguments), ERRNO);
    }

    /** A handle for a C function whose arguments from {@code fixed} on are variadic. */
    static MethodHandle variadic(final String name, final int fixed, final MemoryLayout result,
                                 final MemoryLayout... arguments) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name),
            FunctionDescriptor.of(result, arguments), ERRNO, Linker.Option.firstVariadicArg(fixed));
    }

    /** What a catch clause around invokeExact throws: a handle of these never throws anything checked. */
    static Error unexpected(final Throwable thrown) {
        if (thrown instanceof RuntimeException e) {
            throw e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
        throw new LinkageError("a system call handle threw", thrown);
    }

    private static boolean isArm(final String architecture) {
        return switch (architecture) {
            case "aarch64" -> true;
            case "amd64", "x86_64" -> false;
            default -> throw new UnsupportedOperationException("Quire knows the system call numbers of x86-64 and "
                + "aarch64 Linux only, not of " + architecture);
        };
    }
}
