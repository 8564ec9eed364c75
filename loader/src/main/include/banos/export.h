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

#endif
