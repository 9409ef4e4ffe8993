/**
 * What the engine costs, measured by JMH against what the same work costs without it.
 *
 * <p>{@link io.quire.bench.Suite} is the way in: it runs pairs of a measurement and its peer one after the other, several
 * times, each in a JVM of its own, and prints ratios. Absolute times say little on a machine that others use too; a
 * ratio within one run does. See {@code native-notes/benchmarks.md}.
 */
package io.quire.bench;
