#include "base/memory.h"

#include <stdint.h>
#include <string.h>

void *jn_alloc(size_t n, size_t size)
{
    if (n == 0 || size == 0) {
        n = size = 1;
    }
    return calloc(n, size); /* calloc checks the product */
}

void *jn_realloc(void *p, size_t n, size_t size)
{
    if (n == 0 || size == 0) {
        n = size = 1;
    }
    return n > SIZE_MAX / size ? NULL : realloc(p, n * size);
}

char *jn_strdup(const char *s)
{
    if (s == NULL) {
        return NULL;
    }
    const size_t n = strlen(s) + 1;
    char *copy = malloc(n);
    return copy == NULL ? NULL : memcpy(copy, s, n);
}

double *jn_alloc_doubles(size_t n)
{
    if (n > (SIZE_MAX - 64) / sizeof(double)) {
        return NULL;
    }
    const size_t bytes = (n * sizeof(double) + 63) / 64 * 64;
    double *p = aligned_alloc(64, bytes == 0 ? 64 : bytes);
    return p == NULL ? NULL : memset(p, 0, bytes);
}
