/* Models made for tests: densities given as plain functions, bound without the registry. */
#ifndef JN_TESTS_TOYS_H
#define JN_TESTS_TOYS_H

#include "models.h"

/* log p(x, z) at one point; a toy has no data and no split. */
typedef struct jn_toy {
    size_t dim;
    double (*log_joint)(const double *z);
} jn_toy;

static inline jn_status jn_toy_zero(const void *self, size_t n, size_t ld, const double *z,
                                    double *out)
{
    (void)self;
    (void)ld;
    (void)z;
    memset(out, 0, n * sizeof *out);
    return JN_OK;
}

static inline jn_status jn_toy_joint(const void *self, jn_range rows, size_t n, size_t ld,
                                     const double *z, size_t ld_out, double *out)
{
    const jn_toy *toy = self;
    (void)rows;
    (void)ld_out;
    for (size_t i = 0; i < n; i++) {
        double zi[JN_TEST_MAX_DIM];
        for (size_t j = 0; j < toy->dim; j++) {
            zi[j] = z[j * ld + i];
        }
        out[i] = toy->log_joint(zi);
    }
    return JN_OK;
}

static const jn_model_type jn_toy_type = { .name = "toy" };

/* A model on the stack; `density` gets the two functions that every density has. */
static inline jn_model jn_toy_model(jn_toy *toy, jn_density *density)
{
    density->log_prior = jn_toy_zero;
    density->log_likelihood = jn_toy_joint;
    return (jn_model){
        .type = &jn_toy_type, .self = toy, .n_obs = 1, .dim = toy->dim, .density = density
    };
}

#endif
