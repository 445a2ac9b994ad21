/* Checked allocation. Internal. */
#ifndef JN_BASE_MEMORY_H
#define JN_BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>

/* n * size zeroed bytes, aligned for any type; NULL when n * size overflows or memory is out.
 * n or size 0 gives a valid pointer to nothing. Free with free(). */
void *jn_alloc(size_t n, size_t size);

/* As realloc(p, n * size) with the same checks; p is untouched on failure; new bytes undefined. */
void *jn_realloc(void *p, size_t n, size_t size);

/* A copy of s on the heap (NULL when s is NULL or memory is out). */
char *jn_strdup(const char *s);

/* jn_alloc in cache lines that nothing else stands in: threads that write side by side do not take
 * them from each other. On a boundary of JN_APART bytes. */
enum { JN_APART = 128 }; /* lines come in pairs */
void *jn_alloc_apart(size_t n, size_t size);

/* n doubles on a 64-byte boundary, zeroed; free with free(). */
double *jn_alloc_doubles(size_t n);

#endif
