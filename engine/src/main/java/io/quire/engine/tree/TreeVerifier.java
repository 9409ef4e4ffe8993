package io.quire.engine.tree;

import io.quire.engine.memory.OffHeap;

/** The deep structural check of a {@link PageTree}: one pass over every node, under the tree lock. */
final class TreeVerifier {
    private final PageTree tree;
    private final NodeSlab slab;
    private final TreeWriter writer;
    private final PageTree.PageVisitor visitor;
    private long pages;
    private long shadows;
    private int listed;

    TreeVerifier(final PageTree tree, final PageTree.PageVisitor visitor) {
        this.tree = tree;
        this.slab = tree.slab();
        this.writer = tree.writer();
        this.visitor = visitor;
    }

    void verify() {
        final int word = (int) tree.root();
        final int bits = Words.rootBits(tree.root());
        if (!Words.isNode(word)) {
            final long index = tree.indexAlone();
            require(bits == (index == 0 ? 0 : Words.ALONE), "the root word is the entry of index " + index + " and has " + bits
                + " bits", word);
            require(index >= 0 && index <= PageTree.MAX_INDEX, "the root word is the entry of index " + index, word);
            require(PageTree.isPage(word) || tree.rootMarks() == 0, "marks without a page in the root word", word);
            entry(index, word);
        } else {
            require(bits % Words.BITS == 0 && bits <= 9 * Words.BITS, "a height of " + bits + " bits", word);
            require(tree.rootMarks() == 0, "marks in the root word beside a node", word);
            require(bits == Words.BITS || (slab.occupied(word) & ~1L) != 0, "the root has nothing but slot 0, or nothing", word);
            node(word, NodeSlab.NONE, 0, bits - Words.BITS, 0);
            require(pages + shadows > 1, "a single entry uses nodes", word);
        }
        require(pages == writer.pages(), pages + " pages counted as " + writer.pages(), word);
        require(shadows == writer.shadows(), shadows + " shadows counted as " + writer.shadows(), word);
        list();
    }

    private void node(final int word, final int parent, final int offset, final int shift, final long base) {
        final long header = slab.header(word);
        require(OffHeap.getLong(header + NodeSlab.OWNER_OFFSET) == writer.owner(), "is another tree's or free", word);
        require(OffHeap.getInt(header + NodeSlab.PARENT_OFFSET) == parent, "has not the parent " + parent, word);
        require(OffHeap.getByte(header + NodeSlab.OFFSET_OFFSET) == offset, "has not the offset " + offset, word);
        require(OffHeap.getByte(header + NodeSlab.SHIFT_OFFSET) == shift, "has not the shift " + shift, word);
        final long occupied = slab.occupied(word);
        require(occupied != 0, "is empty", word);
        long present = 0;
        for (int slot = 0; slot < Words.SLOTS; slot++) {
            final int entry = OffHeap.getInt(slab.slot(word, slot));
            require((entry != 0) == ((occupied >>> slot & 1) != 0), "is wrong about which slots it uses", word);
            if (entry == 0) {
                continue;
            }
            final long index = base + ((long) slot << shift);
            require(index <= PageTree.MAX_INDEX, "holds an index beyond the largest", word);
            if (shift == 0) {
                entry(index, entry);
                if (PageTree.isPage(entry)) {
                    present |= 1L << slot;
                }
            } else {
                require(Words.isNode(entry), "has an entry above the leaves", word);
                node(entry, Words.node(word), slot, shift - Words.BITS, index);
            }
        }
        marks(word, shift, present);
        final boolean isListed = OffHeap.getByte(header + NodeSlab.LISTED_OFFSET) != 0;
        require(isListed == (shift == 0 && present == 0), "is wrongly on, or off, the shadow list", word);
        if (isListed) {
            listed++;
        }
    }

    private void marks(final int word, final int shift, final long present) {
        final long header = slab.header(word);
        for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
            final long marks = OffHeap.getLong(slab.mark(word, mark));
            if (shift == 0) {
                require((marks & ~present) == 0, "has mark " + mark + " on a slot without a page", word);
                require(mark != NodeSlab.MARK_PAGE || marks == present, "misses a page in its pages mark", word);
                continue;
            }
            long below = 0;
            for (int slot = 0; slot < Words.SLOTS; slot++) {
                final int child = OffHeap.getInt(slab.slot(word, slot));
                if (child != 0 && OffHeap.getLong(slab.mark(child, mark)) != 0) {
                    below |= 1L << slot;
                }
            }
            require(marks == below, "disagrees with its children about mark " + mark, word);
        }
    }

    private void entry(final long index, final int entry) {
        if (PageTree.isPage(entry)) {
            pages++;
            visitor.page(index, PageTree.frame(entry));
        } else if (PageTree.isShadow(entry)) {
            shadows++;
        } else {
            require(entry == PageTree.EMPTY, "an entry is neither page nor shadow at index " + index, entry);
        }
    }

    private void list() {
        final ShadowList list = writer.shadowLeaves();
        final int root = (int) tree.root();
        require(listed == list.length(), listed + " shadow nodes counted as " + list.length(), root);
        int previous = NodeSlab.NONE;
        int node = list.oldest();
        for (int i = 0; i < listed; i++) {
            require(node != NodeSlab.NONE, "the shadow list ends after " + i + " of " + listed, root);
            final int word = Words.nodeWord(node);
            final long header = slab.header(word);
            require(OffHeap.getLong(header + NodeSlab.OWNER_OFFSET) == writer.owner(), "is on a foreign list", word);
            require(OffHeap.getByte(header + NodeSlab.LISTED_OFFSET) != 0, "is on the list unawares", word);
            require(OffHeap.getInt(header + NodeSlab.PREVIOUS_OFFSET) == previous, "has a wrong back link", word);
            previous = node;
            node = OffHeap.getInt(header + NodeSlab.NEXT_OFFSET);
        }
        require(node == NodeSlab.NONE, "the shadow list is longer than " + listed, root);
        require(list.youngest() == previous, "the shadow list does not end at its tail", root);
    }

    private void require(final boolean holds, final String message, final int word) {
        if (!holds) {
            throw new AssertionError("tree " + tree.name() + ", node " + Words.node(word) + ": " + message);
        }
    }
}
