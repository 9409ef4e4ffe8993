/**
 * Where the bytes of files live when they are not cached.
 *
 * <p>{@link io.quire.engine.store.StoreFile} is the service interface that the page cache reads from and writes to.
 */
package io.quire.engine.store;
