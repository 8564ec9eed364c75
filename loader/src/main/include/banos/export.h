/* What a driver offers by name, to other drivers and to Java. */
#ifndef BANOS_EXPORT_H
#define BANOS_EXPORT_H

#ifdef __cplusplus
extern "C" {
#endif

struct Banos_Symbol {
    const char *name;
    void *arg;
};
typedef struct Banos_Symbol Banos_Symbol;

/* A variable of which every thread has its own has no address to point to. */
struct Banos_Thread_Local {
    const char *name;
    const char *symbol;     /* what the object's symbol table calls the variable */
    void *(*address)(void); /* the calling thread's */
};
typedef struct Banos_Thread_Local Banos_Thread_Local;

#ifdef __cplusplus
}
#endif

/* Exports a pointer under a name of your choice. `id` is an identifier that is free in this file. ISO C has no conversion of a
 * function's address to void *, POSIX has: __extension__ says that it is meant. */
#define BANOS_EXPORT_SYMBOL(id, symbol_name, pointer) \
    static __attribute__((section(".banos-export"), used, aligned(8))) \
    struct Banos_Symbol banos_export_##id = { (symbol_name), __extension__ (void *)(pointer) }

/* Exports a function or variable of this file under its own name. */
#define BANOS_EXPORT(name) BANOS_EXPORT_SYMBOL(name, #name, &name)

/* Exports a thread-local variable of this file (_Thread_local, __thread, thread_local) under a name of your choice. `symbol` is its
 * name for the linker: that in C, for most of C++ a mangled one, "_ZN5space8variableE". */
#define BANOS_EXPORT_THREAD_LOCAL_SYMBOL(id, symbol_name, symbol, variable) \
    static void *banos_address_##id(void) { return (void *)&(variable); } \
    static __attribute__((section(".banos-export-tls"), used, aligned(8))) \
    struct Banos_Thread_Local banos_thread_local_##id = { (symbol_name), (symbol), banos_address_##id }

/* Exports a thread-local variable of this file under its own name. Others import it with extern _Thread_local. */
#define BANOS_EXPORT_THREAD_LOCAL(name) BANOS_EXPORT_THREAD_LOCAL_SYMBOL(name, #name, #name, name)

#endif
