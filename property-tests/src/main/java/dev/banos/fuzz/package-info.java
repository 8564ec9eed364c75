/**
 * The fuzzer of allocators: {@link dev.banos.fuzz.Campaign} as a library, {@link dev.banos.fuzz.AllocatorPropertiesTest} as a test,
 * {@link dev.banos.fuzz.Program} to pin one program down.
 *
 * <p>This package has what programs use, and what stands on that: the interpreter that holds an
 * {@link dev.banos.fuzz.AllocatorUnderTest} to the {@link dev.banos.fuzz.Law laws}, the targets, the runners in this process and in
 * others, the search for the shortest program, the reports. The packages below do not depend on it.
 * <pre>
 *  fuzz         laws, promises, targets, runners, findings, reports
 *  generation   model   threads   shrinking   child
 *               how programs are made, checked, spread over threads, shortened; the process in which they run
 *  program      text
 *               what a program is; how foreign words are quoted
 * </pre>
 */
package dev.banos.fuzz;
