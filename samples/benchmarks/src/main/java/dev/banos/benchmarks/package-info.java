/** What takes how long, beside what it replaces: JMH, by {@code samples/benchmarks/run}. */
@NullMarked
package dev.banos.benchmarks;

import org.jspecify.annotations.NullMarked;
