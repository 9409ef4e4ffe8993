package io.quire.fuse.jnr;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

import io.quire.engine.store.Attributes;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.Entry;
import io.quire.fuse.vfs.FileSystem;
import io.quire.fuse.vfs.SetAttributes;

/**
 * A file system that does nothing but write down what it is asked, each call with what goes into it. Names are Latin-1
 * text, numbers decimal, what is to be filled in is left out. Not thread-safe.
 */
final class Recorder {
    static final long NODE_MADE = 5;

    final FileSystem fileSystem = (FileSystem) Proxy.newProxyInstance(FileSystem.class.getClassLoader(),
        new Class<?>[] {FileSystem.class}, (proxy, method, arguments) -> called(method, arguments));
    final List<String> calls = new ArrayList<>();
    private final Map<String, ToIntFunction<Object[]>> answers = new HashMap<>();

    /** What a method answers from now on; otherwise it answers 0. */
    void answer(final String method, final ToIntFunction<Object[]> answer) {
        answers.put(method, answer);
    }

    private Object called(final Method method, final Object... arguments) {
        final List<String> texts = new ArrayList<>();
        for (final Object argument : arguments == null ? new Object[0] : arguments) {
            switch (argument) {
                case final Caller c -> texts.add(c.uid + "/" + c.gid + "/" + c.pid);
                case final SetAttributes in -> texts.add("mode " + Integer.toOctalString(in.mode) + " uid " + in.uid
                    + " gid " + in.gid + " size " + in.size + " atime " + in.atimeSeconds + "." + in.atimeNanos
                    + " mtime " + in.mtimeSeconds + "." + in.mtimeNanos);
                case final byte[] bytes when bytes.length >= 4096 -> texts.add("room");
                case final byte[] bytes -> texts.add(new String(bytes, StandardCharsets.ISO_8859_1));
                case final Number number -> texts.add(number.toString());
                case final Boolean truth -> texts.add(truth.toString());
                case final Entry entry -> entry.node = NODE_MADE;
                default -> { }
            }
        }
        calls.add(method.getName() + "(" + String.join(", ", texts) + ")");
        if (method.getReturnType() == void.class) {
            return null;
        }
        final ToIntFunction<Object[]> answer = answers.get(method.getName());
        final int result = answer == null ? 0 : answer.applyAsInt(arguments);
        return method.getReturnType() == long.class ? (Object) (long) result : (Object) result;
    }

    /** Has getattr answer with these attributes. */
    void attributes(final Attributes attributes) {
        answer("getattr", arguments -> {
            ((Attributes) arguments[2]).copyFrom(attributes);
            return 0;
        });
    }
}
