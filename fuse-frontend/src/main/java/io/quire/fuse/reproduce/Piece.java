package io.quire.fuse.reproduce;

/**
 * A piece of a write's source: bytes of the mapping of the file that is written.
 *
 * @param at     first byte in the file
 * @param length bytes, 1 or more
 */
public record Piece(long at, int length) {
}
