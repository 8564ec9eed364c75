/* A driver that shares nothing with our headers but the ABI: written as an independent implementation of it would be. */
typedef unsigned int version_type;
typedef struct Banos_Driver Banos_Driver;
struct Banos_Driver {
    unsigned long driver_size;
    version_type minimal_banos_version;
    const char *name;
    const char *license;
    version_type version;
    int (*init)(Banos_Driver *);
    int (*uninit)(Banos_Driver *);
};
typedef struct { const char *name; void *arg; } Symbol;

extern void banos_dprintln(const char *);
extern void *banos_lookup_symbol(const char *);

static int state;
static int init(Banos_Driver *self) {
    banos_dprintln(self->name);
    state = banos_lookup_symbol("banos_dprintln") == (void *)banos_dprintln && !banos_lookup_symbol("no such thing");
    return state ? 7 : -1;
}
static int uninit(Banos_Driver *self) {
    banos_dprintln(self->license);
    return 0;
}
int get_state(void) { return state; }

static __attribute__((section(".banos-driver"), used, aligned(8))) Banos_Driver drv = {
    sizeof(Banos_Driver), 0, "other", "BSD-2-Clause", 0x01020003, init, uninit };
static __attribute__((section(".banos-export"), used, aligned(8))) Symbol sym = { "get_state", (void *)get_state };
