/**
 * The off-heap radix tree that maps page indices to frames: one {@link io.quire.engine.tree.PageTree} per file, their
 * nodes in one {@link io.quire.engine.tree.NodeSlab} per cache.
 *
 * <p>Lookup takes no lock and allocates nothing; changes are made under the tree's own lock. The shape follows Linux's
 * XArray ({@code lib/xarray.c}): 64-way nodes, tagged words, marks that propagate upwards, shadows of evicted pages.
 * Unlike there, nothing delays the recycling of a node, so a reader may walk into one that already serves another tree;
 * {@link io.quire.engine.tree.PageTree} says what a reader may then believe.
 */
package io.quire.engine.tree;
