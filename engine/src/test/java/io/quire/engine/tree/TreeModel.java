package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** What a {@link PageTree} should hold, kept in the plainest way, and the random operations that drive both. */
final class TreeModel {
    private final TreeMap<Long, Integer> entries = new TreeMap<>();
    private final List<TreeSet<Long>> marked = List.of(new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
    /** Leaves with shadows and no page, in the order in which they became so. */
    private final List<Long> shadowLeaves = new ArrayList<>();

    private final PageTree tree;
    private final RandomGenerator random;
    private final long[] universe;
    private final boolean limited;
    private long forgotten;

    TreeModel(final PageTree tree, final RandomGenerator random, final long[] universe) {
        this(tree, random, universe, false);
    }

    TreeModel(final PageTree tree, final RandomGenerator random, final long[] universe, final boolean limited) {
        this.limited = limited;
        this.tree = tree;
        this.random = random;
        this.universe = universe;
    }

    /** One operation on both. Returns false when the slab ran out of nodes, which must have changed nothing. */
    boolean step() {
        final long index = index();
        final int choice = random.nextInt(100);
        tree.lock();
        try {
            if (choice < 30) {
                return replace(index, PageTree.page(random.nextInt(1 << 30)));
            } else if (choice < 50) {
                return replace(index, PageTree.shadow(random.nextInt(1 << 30)));
            } else if (choice < 66) {
                return replace(index, PageTree.EMPTY);
            } else if (choice < 70) {
                return replaceRun(index, 1 << 1 + random.nextInt(6));
            } else if (choice < 82) {
                final int mark = random.nextInt(3);
                final boolean page = PageTree.isPage(entries.getOrDefault(index, 0));
                assertThat(tree.setMark(index, mark)).isEqualTo(page && marked.get(mark).add(index));
            } else if (choice < 90) {
                final int mark = random.nextInt(3);
                assertThat(tree.clearMark(index, mark)).isEqualTo(marked.get(mark).remove(index));
            } else if (choice < 91) {
                prune(random.nextInt(4));
            } else if (choice < 94) {
                nextMarked(index, index());
            } else if (choice < 97) {
                gang(index, index());
            } else {
                run(index);
            }
            return true;
        } finally {
            tree.unlock();
        }
    }

    private boolean replace(final long index, final int entry) {
        final int before = entries.getOrDefault(index, PageTree.EMPTY);
        final long alone = leafOfTheOnlyEntry();
        final int result = tree.replace(index, entry);
        if (result == PageTree.OUT_OF_NODES) {
            assertThat(entry).isNotEqualTo(PageTree.EMPTY);
            assertThat(before).isEqualTo(PageTree.EMPTY);
            return false;
        }
        assertThat(result).isEqualTo(before);
        if (!PageTree.isPage(before) || !PageTree.isPage(entry)) {
            marked.forEach(mark -> mark.remove(index));
        }
        if (entry == PageTree.EMPTY) {
            entries.remove(index);
        } else {
            entries.put(index, entry);
        }
        forget();
        assertThat(tree.lookup(index)).isEqualTo(entries.getOrDefault(index, PageTree.EMPTY));
        noteShadowLeaf(alone);
        noteShadowLeaf(index >>> 6);
        return true;
    }

    private boolean replaceRun(final long index, final int count) {
        final long first = index & -count;
        final int kind = random.nextInt(3);
        final int frame = random.nextInt((1 << 30) - count);
        final int entry = kind == 0 ? PageTree.EMPTY : kind == 1 ? PageTree.page(frame) : PageTree.shadow(frame);
        final NavigableMap<Long, Integer> run = entries.subMap(first, true, first + count - 1, true);
        final boolean pageBefore = run.values().stream().anyMatch(PageTree::isPage);
        assertThat(tree.hasPage(first, first + count - 1)).isEqualTo(pageBefore);
        final int shadow = run.values().stream().filter(PageTree::isShadow).reduce(PageTree.EMPTY, (a, b) -> b);
        final long alone = leafOfTheOnlyEntry();
        final int result = tree.replaceRun(first, count, entry);
        if (result == PageTree.OUT_OF_NODES) {
            assertThat(kind).isNotZero();
            return false;
        }
        assertThat(result).isEqualTo(shadow);
        for (int i = 0; i < count; i++) {
            final long at = first + i;
            if (kind != 1 || !PageTree.isPage(entries.getOrDefault(at, PageTree.EMPTY))) {
                marked.forEach(mark -> mark.remove(at));
            }
            if (kind == 0) {
                entries.remove(at);
            } else {
                entries.put(at, kind == 1 ? PageTree.page(frame + i) : entry);
            }
        }
        forget();
        for (int i = 0; i < count; i++) {
            assertThat(tree.lookup(first + i)).isEqualTo(entries.getOrDefault(first + i, PageTree.EMPTY));
        }
        noteShadowLeaf(alone);
        noteShadowLeaf(first >>> 6);
        return true;
    }

    /** T17: over the limit, up to a leaf's worth of shadows may go, all there are, where one page is left. Nothing else goes. */
    private void forget() {
        final int before = entries.size();
        if (limited && tree.pages() == 1) {
            entries.entrySet().removeIf(entry -> PageTree.isShadow(entry.getValue())
                && tree.lookup(entry.getKey()) == PageTree.EMPTY);
        }
        if (entries.size() != before) {
            forgotten += before - entries.size();
            assertThat(before).isLessThanOrEqualTo(1 + 64);
            assertThat(entries).hasSize(1);
        }
    }

    long forgotten() {
        return forgotten;
    }

    /** What is in the root word comes to a leaf, and to its list, before what makes it grow. */
    private long leafOfTheOnlyEntry() {
        return entries.size() == 1 ? entries.firstKey() >>> 6 : 0;
    }

    private void noteShadowLeaf(final long leaf) {
        final NavigableMap<Long, Integer> inLeaf = leaf(leaf);
        if (entries.size() == 1) {
            shadowLeaves.clear();
        }
        final boolean shadowOnly = entries.size() > 1 && !inLeaf.isEmpty() && inLeaf.values().stream().noneMatch(PageTree::isPage);
        if (!shadowOnly) {
            shadowLeaves.remove(leaf);
        } else if (!shadowLeaves.contains(leaf)) {
            shadowLeaves.add(leaf);
        }
    }

    private NavigableMap<Long, Integer> leaf(final long leaf) {
        return entries.subMap(leaf << 6, true, leaf << 6 | 63, true);
    }

    /** A shadow alone is in the root word and needs no leaf; one that goes there and comes back counts as young again. */
    private void prune(final int count) {
        final int freed = tree.pruneShadows(count);
        assertThat(freed).isLessThanOrEqualTo(count);
        for (int i = 0; i < freed; i++) {
            final long oldest = shadowLeaves.removeFirst();
            leaf(oldest).keySet().forEach(index -> assertThat(tree.lookup(index)).isEqualTo(PageTree.EMPTY));
            leaf(oldest).clear();
            if (entries.size() == 1) {
                shadowLeaves.clear();
            }
        }
        if (freed < count) {
            // Nothing is left to prune but, perhaps, a shadow in the root word.
            assertThat(shadowLeaves).isEmpty();
        }
    }

    private void nextMarked(final long a, final long b) {
        final long from = Math.min(a, b);
        final long to = random.nextInt(8) == 0 ? Long.MAX_VALUE : Math.max(a, b);
        for (int mark = 0; mark < 3; mark++) {
            final Long expected = marked.get(mark).ceiling(from);
            assertThat(tree.nextMarked(from, to, mark)).isEqualTo(expected == null || expected > to ? -1 : expected);
        }
    }

    private void gang(final long a, final long b) {
        final long from = Math.min(a, b);
        final long to = random.nextInt(8) == 0 ? Long.MAX_VALUE : Math.max(a, b);
        final int mark = random.nextInt(4);
        final long[] indices = new long[1 + random.nextInt(100)];
        final int[] frames = new int[indices.length];
        final List<Map.Entry<Long, Integer>> expected = entries.subMap(from, true, to, true).entrySet().stream()
            .filter(entry -> PageTree.isPage(entry.getValue()))
            .filter(entry -> mark == 3 || marked.get(mark).contains(entry.getKey()))
            .limit(indices.length).toList();
        final int found = mark == 3 ? tree.gang(from, to, indices, frames)
            : tree.gangMarked(from, to, mark, indices, frames);
        assertThat(found).isEqualTo(expected.size());
        for (int i = 0; i < found; i++) {
            assertThat(indices[i]).isEqualTo(expected.get(i).getKey());
            assertThat(PageTree.page(frames[i])).isEqualTo(expected.get(i).getValue());
        }
    }

    private void run(final long first) {
        final int[] run = new int[1 + random.nextInt(70)];
        final int count = 1 + random.nextInt(80);
        final int filled = tree.lookupRun(first, count, run);
        assertThat(filled).isEqualTo((int) Math.min(Math.min(run.length, count), 64 - (first & 63)));
        for (int i = 0; i < filled; i++) {
            assertThat(run[i]).isEqualTo(entries.getOrDefault(first + i, PageTree.EMPTY));
        }
    }

    /** Everything, by every way of reading. */
    void compareAll() {
        final TreeMap<Long, Integer> pages = new TreeMap<>();
        entries.forEach((index, entry) -> {
            assertThat(tree.lookup(index)).isEqualTo(entry);
            if (PageTree.isPage(entry)) {
                pages.put(index, PageTree.frame(entry));
            }
            for (int mark = 0; mark < 3; mark++) {
                assertThat(tree.isMarked(index, mark)).isEqualTo(marked.get(mark).contains(index));
            }
        });
        for (final long index : universe) {
            assertThat(tree.lookup(index)).isEqualTo(entries.getOrDefault(index, PageTree.EMPTY));
        }
        for (int mark = 0; mark < 3; mark++) {
            assertThat(tree.isAnyMarked(mark)).isEqualTo(!marked.get(mark).isEmpty());
        }
        assertThat(tree.pages()).isEqualTo(pages.size());
        final TreeMap<Long, Integer> visited = new TreeMap<>();
        tree.verify((index, frame) -> {
            assertThat(visited.isEmpty() || visited.lastKey() < index).isTrue();
            visited.put(index, frame);
        });
        assertThat(visited).isEqualTo(pages);
    }

    /** Takes every page out; shadows stay. */
    void removePages() {
        tree.lock();
        try {
            for (final long index : entries.keySet().toArray(Long[]::new)) {
                if (PageTree.isPage(entries.getOrDefault(index, PageTree.EMPTY))) {
                    replace(index, PageTree.EMPTY);
                }
            }
        } finally {
            tree.unlock();
        }
    }

    private long index() {
        return universe[random.nextInt(universe.length)];
    }
}
