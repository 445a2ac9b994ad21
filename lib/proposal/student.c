/* Multivariate Student t in unconstrained coordinates: u = mean + L e sqrt(df / chi^2), with e
 * standard normal and chi^2 of df degrees of freedom from one base coordinate more, a uniform. */
#include <math.h>
#include <string.h>

#include "model/gamma_quantile.h"
#include "model/log_densities.h"
#include "proposal/affine.h"
#include "proposal/families.h"

static const jn_param_spec specs[] = {
    { "df", "number in [0.2, 1e6]", "5", "degrees of freedom" },
    JN_LOCATION_SCALE_SPECS,
    JN_AFFINE_SPECS,
};

static size_t n_base(const void *self)
{
    return ((const jn_affine *)self)->dim + 1;
}

static jn_base base_kind(const void *self, size_t j)
{
    return j < ((const jn_affine *)self)->dim ? JN_BASE_NORMAL : JN_BASE_UNIFORM;
}

static void radial(const jn_affine *a, size_t set, size_t n, double *square)
{
    const double power = 0.5 * (a->df + (double)a->dim);
    for (size_t i = 0; i < n; i++) {
        square[i] = a->log_norm[set] - power * log1p(square[i] / a->df);
    }
}

static jn_status map(const void *self, size_t row, size_t n, size_t ld, const double *base,
                     double *z, double *log_q)
{
    const jn_affine *a = self;
    const double *u = base + a->dim * ld;
    memset(log_q, 0, n * sizeof *log_q);
    for (size_t i = 0; i < n; i++) {
        const double stretch = sqrt(0.5 * a->df / jn_gamma_quantile(0.5 * a->df, u[i]));
        for (size_t j = 0; j < a->dim; j++) {
            const double e = stretch * base[j * ld + i];
            z[j * ld + i] = e;
            log_q[i] += e * e;
        }
    }
    radial(a, jn_affine_set(a, row), n, log_q);
    jn_affine_place(a, row, n, ld, z, z, log_q);
    return JN_OK;
}

/* Logarithmic tails. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_affine *a = self;
    (void)row;
    memset(precision, 0, a->dim * a->dim * sizeof *precision);
    return JN_OK;
}

static const jn_proposal_ops ops = {
    .map = map,
    .log_density = jn_affine_log_density,
    .base = base_kind,
    .n_base = n_base,
    .location = jn_affine_location,
    .tail_precision = tail_precision,
};

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    jn_affine *a;
    jn_status status = jn_affine_read(params, model, &a, err);
    q->self = a;
    q->per_row = a != NULL && a->n_sets > 1;
    q->ops = &ops;
    q->has_power_tails = true;
    if (status == JN_OK) { /* below 0.2, chi^2 would leave the range of doubles within reach */
        status = jn_params_number(params, "df", 0.2, 1e6, &a->df, err);
    }
    if (status < 0) {
        return status;
    }
    a->radial = radial;
    const double ratio = jn_log_gamma_ratio(0.5 * a->df, 0.5 * (double)a->dim);
    for (size_t s = 0; s < a->n_sets; s++) {
        a->log_norm[s] += ratio;
    }
    return JN_OK;
}

const jn_proposal_type jn_proposal_student = {
    .name = "student",
    .summary = "Student t with df degrees of freedom about mean, scale sd or cov",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = jn_affine_free,
};
