/* Failure of memory, tested allocation by allocation.
 *
 * Every test program is linked with -Wl,--wrap for malloc, calloc, realloc, aligned_alloc and
 * strdup (tests/meson.build), so that allocations made by our own code can be refused; those
 * inside libc and other shared libraries always succeed. */
#ifndef JN_TESTS_MALLOC_SWEEP_H
#define JN_TESTS_MALLOC_SWEEP_H

#include <stddef.h>

#include "jensen/status.h"

/* Let `allowed` allocations through and refuse the rest; < 0: refuse none (the start). */
void jn_malloc_allow(long allowed);

/* Allocations since the last jn_malloc_allow, refused ones included. */
long jn_malloc_calls(void);

/* Calls attempt(user) with 0, 1, 2, ... allocations allowed until it returns JN_OK, and hands back
 * how often it gave JN_ERR_NOMEM before. `attempt` makes one call of the function under test,
 * asserts that outputs are untouched when it fails, frees what it made when it does not, and
 * returns its status. Any other status, or no end, fails the test. Under ASan this also finds
 * leaks. */
size_t jn_malloc_sweep(jn_status (*attempt)(void *user), void *user);

#endif
