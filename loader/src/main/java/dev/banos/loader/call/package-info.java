/**
 * What stands between Java and C while a call is under way: a {@link Lifetime} opens and shuts the gates to a module, a
 * {@link CallFrame} holds what one call lends to C, a {@link CallbackPool} has the pointers for lambdas, and the
 * {@link UpcallEdge} catches what these throw.
 */
package dev.banos.loader.call;
