/** Mutual exclusion inside malloc, where no thread may park. */
package dev.banos.lock;
