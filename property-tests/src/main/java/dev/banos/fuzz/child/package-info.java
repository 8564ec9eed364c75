/**
 * A process of its own for what may crash: started, asked, watched, and what its end tells. Sees the progress that it shares with
 * its child.
 */
package dev.banos.fuzz.child;
