/**
 * What stands between Java and C while a call is under way: {@link Calls} makes the handles, a {@link Lifetime} opens and shuts the
 * gates to a module, a {@link CallFrame} holds what one call lends to C, a {@link CallbackPool} has the pointers for lambdas, and
 * the {@link UpcallEdge} catches what these throw. A {@link BoundClass} has one {@link BoundMethod} for each C function. Stands on
 * the refusals of {@link dev.banos.loader.elf} only.
 */
package dev.banos.loader.call;
