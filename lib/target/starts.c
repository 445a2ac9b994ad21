/* Where searches for modes begin. */
#include <stdint.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "target/climb.h"

/* A fixed number in (0, 1) for start k, coordinate j: the mixer of Steele, Lea & Flood (2014). */
static double fixed_uniform(size_t k, size_t j)
{
    uint64_t x = (uint64_t)(k + 1) * 0x9e3779b97f4a7c15u + (uint64_t)(j + 1) * 0xd1b54a32d192ed03u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return ((double)(x >> 12) + 0.5) * 0x1p-52;
}

static bool base_is_normal(const jn_model *m, size_t j)
{
    return jn_model_prior_base(m, j) == JN_BASE_NORMAL;
}

jn_status jn_search_start(const jn_search *s, size_t k, double *u)
{
    const jn_model *m = s->m;
    memset(u, 0, s->d * sizeof *u);
    if (k == 0) {
        return JN_OK;
    }
    const bool draws = m->density->prior_map != NULL;
    double *base = s->trial;
    for (size_t j = 0; j < s->d; j++) {
        const double p = k == 1 ? 0.5 : fixed_uniform(k, j);
        base[j] = draws && !base_is_normal(m, j) ? p : gsl_cdf_ugaussian_Pinv(p);
    }
    if (!draws) {
        memcpy(u, base, s->d * sizeof *u);
        return JN_OK;
    }
    const jn_status status = m->density->prior_map(m->self, 1, 1, base, u);
    jn_target_to_u(m, 1, 1, u, u);
    return status;
}
