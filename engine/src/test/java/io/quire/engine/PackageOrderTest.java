package io.quire.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** The packages of the engine form layers: each uses only those below it. Read from the compiled classes. */
class PackageOrderTest {
    /** Lowest first. */
    private static final List<String> ORDER =
        List.of("memory", "lock", "tree", "store", "metrics", "cache", "write", "evict", "writeback", "map");
    private static final Pattern PACKAGE = Pattern.compile("io/quire/engine/([a-z]+)/");
    /** What an engine must not know of. */
    private static final Pattern FOREIGN = Pattern.compile("(?:io/quire/(?:fuse|bench)|picocli|jnr|ru/serce)/");

    @Test
    void everyPackageUsesOnlyThoseBelowIt() throws Exception {
        final Set<String> violations = new TreeSet<>();
        for (final Path file : classFiles()) {
            final String own = packageOf(file);
            for (final String text : texts(file)) {
                final Matcher used = PACKAGE.matcher(text);
                while (used.find()) {
                    if (!own.isEmpty() && ORDER.indexOf(used.group(1)) > ORDER.indexOf(own)) {
                        violations.add(file.getFileName() + " of " + own + " uses " + used.group(1));
                    }
                }
            }
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void everyPackageHasItsPlaceInTheOrder() throws Exception {
        assertThat(classFiles().stream().map(PackageOrderTest::packageOf).filter(name -> !name.isEmpty()))
            .isSubsetOf(ORDER);
    }

    @Test
    void theEngineKnowsNothingOfFrontends() throws Exception {
        final Set<String> violations = new TreeSet<>();
        for (final Path file : classFiles()) {
            texts(file).stream().filter(text -> FOREIGN.matcher(text).find())
                .forEach(text -> violations.add(file.getFileName() + " mentions " + text));
        }
        assertThat(violations).isEmpty();
    }

    private static Path root() throws URISyntaxException {
        return Path.of(Quire.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static List<Path> classFiles() throws IOException, URISyntaxException {
        try (Stream<Path> files = Files.walk(root())) {
            final List<Path> classes = files.filter(file -> file.toString().endsWith(".class")).toList();
            assertThat(classes).as("compiled classes in %s", root()).isNotEmpty();
            return classes;
        }
    }

    /** The package below {@code io.quire.engine}; empty for that package itself. */
    private static String packageOf(final Path file) {
        final Matcher matcher = PACKAGE.matcher(file.toString().replace('\\', '/'));
        return matcher.find() ? matcher.group(1) : "";
    }

    /** Every text of a class file: names of classes, descriptors, signatures and string constants. */
    private static List<String> texts(final Path file) {
        try {
            final Set<String> texts = new TreeSet<>();
            for (final PoolEntry entry : ClassFile.of().parse(file).constantPool()) {
                if (entry instanceof final Utf8Entry text) {
                    texts.add(text.stringValue());
                }
            }
            return List.copyOf(texts);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
