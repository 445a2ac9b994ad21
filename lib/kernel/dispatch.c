#include <stdatomic.h>
#include <string.h>

#include "kernel/kernels.h"

extern const jn_kernels jn_k_table_plain;
#ifdef JN_VECTOR
extern const jn_kernels jn_k_table_avx512, jn_k_table_avx2;
#endif

/* Best first; the last one runs everywhere. */
static const jn_kernels *const sets[] = {
#ifdef JN_VECTOR
    &jn_k_table_avx512,
    &jn_k_table_avx2,
#endif
    &jn_k_table_plain,
};
enum { N_SETS = sizeof sets / sizeof sets[0] };

static int runs(const jn_kernels *set)
{
#ifdef JN_VECTOR
    if (set == &jn_k_table_avx512) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    }
    if (set == &jn_k_table_avx2) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    }
#endif
    (void)set;
    return 1;
}

static const jn_kernels *best(void)
{
    for (size_t i = 0; i < N_SETS; i++) {
        if (runs(sets[i])) {
            return sets[i];
        }
    }
    return sets[N_SETS - 1];
}

/* Threads that meet here first all store the same pointer to constant data. */
static _Atomic(const jn_kernels *) in_use;

const jn_kernels *jn_kernels_get(void)
{
    const jn_kernels *set = atomic_load_explicit(&in_use, memory_order_relaxed);
    if (set == NULL) {
        set = best();
        atomic_store_explicit(&in_use, set, memory_order_relaxed);
    }
    return set;
}

jn_status jn_kernels_select(const char *isa)
{
    const jn_kernels *chosen = isa == NULL ? best() : NULL;
    for (size_t i = 0; i < N_SETS && chosen == NULL; i++) {
        if (strcmp(isa, sets[i]->isa) == 0 && runs(sets[i])) {
            chosen = sets[i];
        }
    }
    if (chosen == NULL) {
        return JN_ERR_UNSUPPORTED;
    }
    atomic_store_explicit(&in_use, chosen, memory_order_relaxed);
    return JN_OK;
}
