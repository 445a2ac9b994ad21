#include "malloc_sweep.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "assertions.h"

static atomic_long limit = -1, calls = 0;

void jn_malloc_allow(long allowed)
{
    limit = allowed;
    calls = 0;
}

long jn_malloc_calls(void)
{
    return calls;
}

static bool refused(void)
{
    const long before = calls++;
    return limit >= 0 && before >= limit;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refused() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return refused() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *s)
{
    return refused() ? NULL : __real_strdup(s);
}

size_t jn_malloc_sweep(jn_status (*attempt)(void *user), void *user)
{
    enum { NO_END = 1000000 };
    for (long allowed = 0; allowed < NO_END; allowed++) {
        jn_malloc_allow(allowed);
        const jn_status status = attempt(user);
        const long made = jn_malloc_calls();
        jn_malloc_allow(-1);
        if (status == JN_OK) {
            return (size_t)allowed;
        }
        if (status != JN_ERR_NOMEM || made <= allowed) {
            print_error("%s with %ld allocations allowed and %ld asked for\n",
                        jn_status_name(status), allowed, made);
            fail();
        }
    }
    fail_msg("no success with %d allocations", NO_END);
    return 0;
}
