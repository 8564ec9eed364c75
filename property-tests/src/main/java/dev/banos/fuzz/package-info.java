/**
 * The fuzzer of allocators: {@link dev.banos.fuzz.Campaign} as a library, {@link dev.banos.fuzz.AllocatorPropertiesTest} as a test,
 * {@link dev.banos.fuzz.Program} to pin one program down.
 *
 * <p>Here stand what others see, and what works on that: the interpreter that holds an {@link dev.banos.fuzz.AllocatorUnderTest} to
 * the {@link dev.banos.fuzz.Law laws}, the targets, the runners in this process and in others, the shrinker, the reports. The
 * packages below know nothing of it.
 * <pre>
 *  fuzz         laws, promises, targets, runners, shrinking, reports
 *  generation   model   threads   child     how programs are made, checked, spread over threads; the process they run in
 *  program      text                        what a program is; how foreign words are quoted
 * </pre>
 */
package dev.banos.fuzz;
