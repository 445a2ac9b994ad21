#include "exact/local.h"

#include <math.h>

#include "jensen/logspace.h"

static double tolerance_of(const jn_exact_options *o)
{
    return o->tolerance > 0.0 ? o->tolerance : 1e-9;
}

double jn_local_log_error(double relative)
{
    return relative < 0.25 ? -log1p(-relative) : INFINITY;
}

static jn_status one_chart(const jn_model *m, size_t row, const jn_modes *modes, size_t which,
                           const jn_exact_options *o, jn_local_rule *rule, bool whole,
                           jn_local *out)
{
    jn_chart f;
    jn_status st = jn_chart_make(m, row, modes, which, !whole, tolerance_of(o), &f);
    if (st != JN_OK) {
        return st;
    }
    if (whole) {
        jn_chart_cover(&f);
    }
    st = rule(&f, o, 0.9 * tolerance_of(o) / (double)(whole ? 1 : modes->n), out);
    out->n_eval += f.n_eval;
    out->error += f.rounding;
    return st;
}

/* log p(x) from the charts' answers: the error is the average of theirs, weighted. */
static jn_estimate add_up(const jn_modes *modes, size_t n, const jn_local *part, const char *method)
{
    jn_lse sum = JN_LSE_INIT;
    uint64_t n_eval = 0;
    double error = 0.0;
    for (size_t i = 0; i < n; i++) {
        jn_lse_add(&sum, isnan(part[i].value) ? -INFINITY : part[i].value);
        n_eval += part[i].n_eval;
    }
    const double value = jn_lse_log_sum(&sum);
    for (size_t i = 0; i < n; i++) {
        error += exp(part[i].value - value) * part[i].error;
    }
    error += 4.4e-16 * (32.0 + fabs(value) + fabs(modes->mode[0].log_joint));
    return (jn_estimate){ .value = isfinite(value) ? value : NAN, /* it saw nothing: not 0 */
                          .error = isfinite(value) ? jn_local_log_error(error) : INFINITY,
                          .dof = NAN,
                          .kind = JN_QUADRATURE,
                          .method = method,
                          .n_eval = n_eval };
}

jn_status jn_local_sum(const jn_model *m, size_t row, const jn_exact_options *o,
                       jn_local_rule *rule, bool whole, const char *method, jn_estimate *out,
                       jn_error *err)
{
    enum { MODES_MAX = 16 };
    const double tolerance = tolerance_of(o);
    jn_local part[MODES_MAX];
    jn_modes modes;
    jn_status st = jn_chart_modes(m, row, &modes, err);
    if (st < 0) {
        return st;
    }
    const size_t n = whole ? 1 : modes.n;
    for (size_t i = 0; i < n && st >= 0; i++) {
        st = one_chart(m, row, &modes, i, o, rule, whole, &part[i]);
    }
    if (st < 0) {
        (void)jn_error_set(err, st, "observation %zu: %s: %s", row, method, jn_status_text(st));
    } else {
        *out = add_up(&modes, n, part, method);
        st = out->error <= tolerance ? JN_OK : JN_NOT_CONVERGED;
    }
    jn_modes_free(&modes);
    if (st == JN_NOT_CONVERGED && isinf(out->error)) {
        return jn_error_set(err, st,
                            "observation %zu: %s has not found its integrand after %llu nodes: "
                            "what it saw bounds no error, and the tolerance %.2g is not met",
                            row, method, (unsigned long long)out->n_eval, tolerance);
    }
    return st != JN_NOT_CONVERGED
               ? st
               : jn_error_set(err, st,
                              "observation %zu: %s reached an error of %.2g after %llu nodes, not "
                              "the tolerance %.2g",
                              row, method, out->error, (unsigned long long)out->n_eval, tolerance);
}
