/* What the host offers to every driver. */
#ifndef BANOS_PRINT_H
#define BANOS_PRINT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Prints a line on the host's console. */
void banos_dprintln(const char *line);

/* What the host or an installed driver exports under that name, or NULL. During init, the driver that exports it counts as
 * needed by the one that asks. */
void *banos_lookup_symbol(const char *name);

#ifdef __cplusplus
}
#endif

#endif
