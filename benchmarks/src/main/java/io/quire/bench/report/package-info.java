/** What every report of figures is made with. */
package io.quire.bench.report;
