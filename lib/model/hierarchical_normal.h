/* Eight schools and its kin: the parts of its two files. Internal. */
#ifndef JN_MODEL_HIERARCHICAL_NORMAL_H
#define JN_MODEL_HIERARCHICAL_NORMAL_H

#include <stdbool.h>
#include <stddef.h>

#include "jensen/estimate.h"

typedef struct jn_hierarchical {
    size_t J;
    double *y, *sd; /* J each */
    double mu_sd, tau_scale;
    bool half_cauchy; /* else half-normal */
    jn_status evidence_status;
    jn_estimate evidence;
} jn_hierarchical;

/* tau at probability u of its prior. */
double jn_hierarchical_tau(const jn_hierarchical *m, double u);

/* log p(tau), tau > 0. */
double jn_hierarchical_tau_prior(const jn_hierarchical *m, double tau);

/* log p(y | tau): theta and mu are Gaussian given tau and integrated in closed form. */
double jn_hierarchical_given_tau(const jn_hierarchical *m, double tau);

/* log p(y) by the trapezoid rule in log tau. JN_NOT_CONVERGED: the error it states is not small. */
JN_CHECKED jn_status jn_hierarchical_evidence(const jn_hierarchical *m, jn_estimate *out);

/* jn_density's conditional_map and conditional_log_density. */
jn_status jn_hierarchical_conditional_map(const void *self, size_t row, size_t n, size_t ld,
                                          const double *base, double *z);
jn_status jn_hierarchical_conditional_log_density(const void *self, size_t row, size_t n, size_t ld,
                                                  const double *z, double *out);

#endif
