#include "gap/subsets.h"

#include <math.h>

#include "base/memory.h"
#include "bound/jvi.h"
#include "jensen/ustat.h"

/* iwae takes one size of subsets, jvi of order m the sizes K, K - 1, ..., K - m. */
static size_t n_sizes(const jn_bound_arg *arg)
{
    return arg->bound == &jn_bound_iwae  ? 1
           : arg->bound == &jn_bound_jvi ? (size_t)arg->order + 1
                                         : 0;
}

bool jn_gap_is_of_subsets(const jn_bound_arg *arg)
{
    return n_sizes(arg) > 0;
}

/* covariance: of all n_all values; this bound's begin at `first`. */
static void combine(const jn_bound_arg *arg, const jn_ustat *u, const double *covariance,
                    size_t n_all, size_t first, size_t draws, jn_bound_result *out)
{
    const size_t n = n_sizes(arg);
    double value = 0.0, variance = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double c = jn_jvi_coefficient(arg->k, (unsigned)n - 1, (unsigned)i);
        value += c * (u[first + i].value - u[first].value); /* the coefficients sum to 1 */
        for (size_t j = 0; j < n; j++) {
            const double d = jn_jvi_coefficient(arg->k, (unsigned)n - 1, (unsigned)j);
            variance += c * d * covariance[(first + i) * n_all + first + j];
        }
    }
    value = isfinite(value) ? value : NAN; /* of an infinite term it has none */
    const bool known = variance >= 0.0 && draws > 1;
    *out = (jn_bound_result){ .estimator = JN_BY_USTAT, .drawn_error = NAN };
    out->value.kind = JN_MC;
    out->gap.value = out->gap.error = out->reconstruction.value = out->kl.value = NAN;
    out->value.value = n == 1 ? u[first].value : u[first].value + value;
    out->value.error = n == 1 ? u[first].error : known ? sqrt(variance) : NAN;
    out->value.error += 4.4e-16 *
                        (1.0 + fabs(u[first].value)); /* draws that agree are not certain */
    out->value.dof = isnan(out->value.error) ? NAN : (double)(draws - 1);
    out->variance = NAN;
}

jn_status jn_gap_subsets(size_t size, const double *log_w, size_t n, const jn_bound_arg *args,
                         jn_bound_result *results)
{
    size_t n_all = 0;
    for (size_t i = 0; i < n; i++) {
        n_all += n_sizes(&args[i]);
    }
    if (n_all == 0) {
        return JN_OK;
    }
    uint64_t *ks = jn_alloc(n_all, sizeof *ks);
    jn_ustat *u = jn_alloc(n_all, sizeof *u);
    double *covariance = jn_alloc_doubles(n_all * n_all);
    jn_status st = ks == NULL || u == NULL || covariance == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0, at = 0; st == JN_OK && i < n; i++) {
        for (size_t j = 0; j < n_sizes(&args[i]); j++) {
            ks[at++] = args[i].k - j;
        }
    }
    st = st == JN_OK ? jn_ustat_values(size, log_w, n_all, ks, u, covariance) : st;
    for (size_t i = 0, at = 0; st == JN_OK && i < n; i++) {
        if (n_sizes(&args[i]) > 0) {
            combine(&args[i], u, covariance, n_all, at, size, &results[i]);
            at += n_sizes(&args[i]);
        }
    }
    free(ks);
    free(u);
    free(covariance);
    return st;
}
