#include "jensen/estimate.h"

#include <math.h>
#include <stddef.h>

const char *jn_error_kind_name(jn_error_kind kind)
{
    static const char *const names[] = { "exact", "quadrature", "mc", "rqmc" };
    return (unsigned)kind < 4 ? names[kind] : "unknown";
}

jn_estimate jn_estimate_zero(void)
{
    return (jn_estimate){ .value = 0.0, .error = 0.0, .dof = NAN, .kind = JN_EXACT };
}

static int is_random(jn_error_kind kind)
{
    return kind == JN_MC || kind == JN_RQMC;
}

/* mc over rqmc over quadrature over exact */
static jn_error_kind weaker(jn_error_kind a, jn_error_kind b)
{
    if (a == JN_MC || b == JN_MC) {
        return JN_MC;
    }
    return a > b ? a : b;
}

/* Welch (1947), Satterthwaite (1946): the degrees of freedom of a sum of independent errors. */
static double pooled_dof(double ea, double da, double eb, double db)
{
    const double a = ea * ea, b = eb * eb;
    if (isnan(da)) {
        return db;
    }
    if (isnan(db)) {
        return da;
    }
    return a + b > 0.0 ? (a + b) * (a + b) / (a * a / da + b * b / db) : fmin(da, db);
}

jn_estimate jn_estimate_add(jn_estimate a, jn_estimate b)
{
    jn_estimate sum = { .value = a.value + b.value,
                        .dof = NAN,
                        .kind = weaker(a.kind, b.kind),
                        .method = a.method == NULL ? b.method : a.method,
                        .n_eval = a.n_eval + b.n_eval };
    if (is_random(a.kind) && is_random(b.kind)) {
        sum.error = hypot(a.error, b.error);
        sum.dof = pooled_dof(a.error, a.dof, b.error, b.dof);
    } else {
        sum.error = a.error + b.error;
        sum.dof = is_random(a.kind) ? a.dof : b.dof;
    }
    return sum;
}
