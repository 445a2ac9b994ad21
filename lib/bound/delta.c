/* Errors from one sample of draws: the spread of the influence that its draws have. */
#include <math.h>

#include "base/memory.h"
#include "bound/influence.h"

/* Standard error of the mean of f over the law's `draws` draws. */
static double error_of(const jn_weight_law *w, double draws, const double *f)
{
    double mean = 0.0, square = 0.0;
    for (size_t j = 0; j < w->n; j++) {
        mean += w->m[j] * f[j];
    }
    for (size_t j = 0; j < w->n; j++) {
        const double d = fabs(f[j] - mean), m = w->m[j];
        if (m > 1e-200) {
            square += m * d * d;
        } else if (d > 0.0) { /* the mass may underflow where its product does not */
            square += exp(w->log_m[j] + 2.0 * log(d));
        }
    }
    const double error = sqrt(square / (draws - 1.0));
    return isfinite(error) ? error : NAN;
}

static jn_delta errors_of(const jn_law *law, const jn_weight_law *w, const jn_bound_value *value,
                          double *f)
{
    const double draws = (double)law->n_nodes;
    jn_delta out;
    out.value = hypot(error_of(w, draws, f), value->apart);
    for (size_t j = 0; j < w->n; j++) {
        f[j] = w->w1[j] - f[j]; /* log p(x) of the law changes by W - 1 */
    }
    out.gap = hypot(error_of(w, draws, f), value->apart);
    return out;
}

jn_status jn_delta_errors(const jn_law *law, const jn_weight_law *w, size_t n,
                          const jn_bound_arg *args, const jn_bound_result *results,
                          const jn_bound_value *values, jn_delta *out)
{
    double *f = jn_alloc_doubles(w->n);
    jn_status st = f == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        const jn_estimator e = results[i].estimator;
        const bool of_law = e == JN_BY_LAW || e == JN_BY_SELF_NORMALISED;
        out[i] = (jn_delta){ NAN, NAN };
        if (of_law && args[i].bound->influence != NULL && isfinite(values[i].value) &&
            law->n_nodes > 1) {
            st = args[i].bound->influence(law, w, &args[i], f);
            out[i] = st == JN_OK ? errors_of(law, w, &values[i], f) : out[i];
        }
    }
    free(f);
    return st;
}
