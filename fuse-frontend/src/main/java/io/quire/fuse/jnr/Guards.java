package io.quire.fuse.jnr;

/**
 * The only code that libfuse calls: one class for each shape of operation, which arms the request, runs the operation,
 * and turns everything that is thrown into an answer, so that nothing reaches native code (F2).
 */
final class Guards {
    private Guards() {
    }

    /** Guards an operation of two words. */
    record Guard2(OperationKind kind, Callbacks.Words2 operation) implements Callbacks.Words2 {
        @Override
        public void call(final long request, final long b) {
            final FuseWorker worker = FuseWorker.current();
            final long start = worker.begin(request);
            try {
                operation.call(request, b);
            } catch (final Throwable e) {
                worker.failed(kind, e);
            }
            worker.end(kind, start);
        }
    }

    /** Guards an operation of three words. */
    record Guard3(OperationKind kind, Callbacks.Words3 operation) implements Callbacks.Words3 {
        @Override
        public void call(final long request, final long b, final long c) {
            final FuseWorker worker = FuseWorker.current();
            final long start = worker.begin(request);
            try {
                operation.call(request, b, c);
            } catch (final Throwable e) {
                worker.failed(kind, e);
            }
            worker.end(kind, start);
        }
    }

    /** Guards an operation of four words. */
    record Guard4(OperationKind kind, Callbacks.Words4 operation) implements Callbacks.Words4 {
        @Override
        public void call(final long request, final long b, final long c, final long d) {
            final FuseWorker worker = FuseWorker.current();
            final long start = worker.begin(request);
            try {
                operation.call(request, b, c, d);
            } catch (final Throwable e) {
                worker.failed(kind, e);
            }
            worker.end(kind, start);
        }
    }

    /** Guards an operation of five words. */
    record Guard5(OperationKind kind, Callbacks.Words5 operation) implements Callbacks.Words5 {
        @Override
        public void call(final long request, final long b, final long c, final long d, final long e) {
            final FuseWorker worker = FuseWorker.current();
            final long start = worker.begin(request);
            try {
                operation.call(request, b, c, d, e);
            } catch (final Throwable t) {
                worker.failed(kind, t);
            }
            worker.end(kind, start);
        }
    }

    /** Guards an operation of six words. */
    record Guard6(OperationKind kind, Callbacks.Words6 operation) implements Callbacks.Words6 {
        @Override
        public void call(final long request, final long b, final long c, final long d, final long e, final long f) {
            final FuseWorker worker = FuseWorker.current();
            final long start = worker.begin(request);
            try {
                operation.call(request, b, c, d, e, f);
            } catch (final Throwable t) {
                worker.failed(kind, t);
            }
            worker.end(kind, start);
        }
    }
}
