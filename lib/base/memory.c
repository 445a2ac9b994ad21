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

static void *zeroed(size_t n, size_t size, size_t boundary)
{
    if (size > 0 && n > (SIZE_MAX - boundary) / size) {
        return NULL;
    }
    const size_t bytes = (n * size + boundary - 1) / boundary * boundary;
    void *p = aligned_alloc(boundary, bytes == 0 ? boundary : bytes);
    return p == NULL ? NULL : memset(p, 0, bytes);
}

void *jn_alloc_apart(size_t n, size_t size)
{
    return zeroed(n, size, JN_APART);
}

double *jn_alloc_doubles(size_t n)
{
    return zeroed(n, sizeof(double), 64);
}
