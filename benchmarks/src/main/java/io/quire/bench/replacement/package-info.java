/**
 * Hit ratios of replacement policies over the cache size: reference strings, the engine's own policy classes driven without
 * page contents, the optimum, and the table and charts ({@code scripts/bench --replacement}).
 */
package io.quire.bench.replacement;
