/**
 * Where the bytes of files live when they are not cached.
 *
 * <p>{@link io.quire.engine.store.StoreFile} is the service interface that the page cache reads from and writes to;
 * {@link io.quire.engine.store.Store} opens such files by name. {@link io.quire.engine.store.MemoryStore} keeps them in
 * memory, and {@link io.quire.engine.store.FaultyStore} makes the calls of any store go wrong in tests. What each of them
 * promises is in {@code native-notes/store.md}.
 *
 * <p>Below lies the system-call layer, which follows the system call convention (negative error numbers, raw addresses,
 * names as bytes) and allocates nothing: {@link io.quire.engine.store.Posix} for descriptors and data,
 * {@link io.quire.engine.store.PosixNames} for names, {@link io.quire.engine.store.PosixAttributes} and
 * {@link io.quire.engine.store.PosixExtendedAttributes} for attributes, {@link io.quire.engine.store.PosixProcess} for the process.
 */
package io.quire.engine.store;
