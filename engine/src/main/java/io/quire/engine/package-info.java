/**
 * Quire's engine: an off-heap page cache. {@link io.quire.engine.Quire} is the door.
 */
package io.quire.engine;
