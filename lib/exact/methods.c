/* The table of methods, and the choice among them. */
#include <math.h>
#include <string.h>

#include "exact/local.h"
#include "exact/methods.h"
#include "exact/panels.h"
#include "exact/student.h"
#include "jensen/chain.h"
#include "target/panel.h"

static bool continuous(const jn_model *m, size_t most)
{
    return m->density != NULL && jn_model_states(m) == 0 && m->dim <= most;
}

static bool has_formula(const jn_model *m)
{
    return m->density != NULL && m->density->evidence != NULL;
}

static bool has_states(const jn_model *m)
{
    return m->density != NULL && jn_model_states(m) > 0;
}

static bool is_chain(const jn_model *m)
{
    return m->chain != NULL;
}

static bool for_trapezoid(const jn_model *m)
{
    return continuous(m, JN_TRAPEZOID_DIM);
}

static bool for_gauss_hermite(const jn_model *m)
{
    return continuous(m, JN_GAUSS_HERMITE_DIM);
}

static bool for_panels(const jn_model *m)
{
    return continuous(m, JN_PANEL_DIM);
}

static bool for_cubature(const jn_model *m)
{
    return continuous(m, JN_CUBATURE_DIM);
}

static bool for_importance(const jn_model *m)
{
    return continuous(m, JN_STUDENT_DIM);
}

static bool for_bridge(const jn_model *m)
{
    return for_importance(m) && m->density->posterior_map != NULL;
}

static jn_status formula(const jn_model *m, size_t row, const jn_exact_options *options,
                         jn_estimate *out, jn_error *err)
{
    (void)options;
    const jn_status st = m->density->evidence(m->self, row, out);
    return st == JN_OK
               ? st
               : jn_error_set(err, st, "observation %zu: closed form: %s", row, jn_status_text(st));
}

static jn_status states(const jn_model *m, size_t row, const jn_exact_options *options,
                        jn_estimate *out, jn_error *err)
{
    (void)options;
    return jn_exact_sum(m, row, out, err);
}

static jn_status gauss_hermite(const jn_model *m, size_t row, const jn_exact_options *options,
                               jn_estimate *out, jn_error *err)
{
    return jn_local_sum(m, row, options, jn_gauss_hermite, false, "Gauss-Hermite about the mode",
                        out, err);
}

static jn_status cubature(const jn_model *m, size_t row, const jn_exact_options *options,
                          jn_estimate *out, jn_error *err)
{
    return jn_local_sum(m, row, options, jn_cubature, false, "adaptive cubature", out, err);
}

#define METHOD(id, text, title, rough, when, how)                                         \
    static const jn_exact_method id = {                                                   \
        .name = text, .summary = title, .approximate = rough, .applies = when, .run = how \
    }

METHOD(closed_form, "closed-form", "the model's own formula", false, has_formula, formula);
METHOD(sum, "sum", "the sum over the states of a discrete latent", false, has_states, states);
METHOD(recursion, "recursion", "forward over the steps of a chain", false, is_chain,
       jn_chain_evidence);
METHOD(trapezoid, "trapezoid", "a grid about each mode; 1 to 8 coordinates", false, for_trapezoid,
       jn_exact_quadrature);
METHOD(hermite, "gauss-hermite", "Gauss-Hermite about each mode; 1 to 4 coordinates", false,
       for_gauss_hermite, gauss_hermite);
METHOD(panels, "panels", "adaptive panels on a box; 1 to 3 coordinates", false, for_panels,
       jn_exact_panels_of);
METHOD(adaptive, "cubature", "h-adaptive cubature of the whole space; 1 to 5 coordinates", false,
       for_cubature, cubature);
METHOD(importance, "importance", "Sobol' points through Student densities about the modes", false,
       for_importance, jn_exact_importance);
METHOD(bridge, "bridge", "bridge sampling with exact draws of the posterior", false, for_bridge,
       jn_exact_bridge);
METHOD(resampled, "bridge-resampled", "bridge sampling with resampled draws of Student densities",
       false, for_importance, jn_exact_bridge_resampled);
METHOD(laplace, "laplace", "the Gaussians at the modes: an approximation", true, for_importance,
       jn_exact_laplace);

static const jn_exact_method *const methods[] = { &closed_form, &sum,       &recursion, &trapezoid,
                                                  &hermite,     &panels,    &adaptive,  &importance,
                                                  &bridge,      &resampled, &laplace };
enum { N_METHODS = sizeof methods / sizeof *methods };

const jn_exact_method *const *jn_exact_methods(size_t *n)
{
    *n = N_METHODS;
    return methods;
}

const jn_exact_method *jn_exact_method_find(const char *name)
{
    for (size_t i = 0; i < N_METHODS; i++) {
        if (strcmp(methods[i]->name, name) == 0) {
            return methods[i];
        }
    }
    return NULL;
}

/* --- the choice ------------------------------------------------------------------------------ */

/* The next rule's answer where it is the sharper one. */
static jn_status improve(const jn_exact_method *method, const jn_model *m, size_t row,
                         const jn_exact_options *options, jn_estimate *best, jn_error *err)
{
    jn_estimate e;
    jn_error why = JN_ERROR_INIT;
    jn_status st = method->run(m, row, options, &e, &why);
    if (st >= 0 && e.kind == JN_RQMC && isfinite(best->value)) {
        /* a rule that failed may still have seen what no draw fell on */
        const double apart = 0.2 * fabs(e.value - best->value);
        const double tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
        if (st == JN_OK && apart > tolerance) {
            st = jn_error_set(&why, JN_NOT_CONVERGED,
                              "observation %zu: draws and rules differ by %.2g, far more than the "
                              "standard error %.2g of the draws",
                              row, 5.0 * apart, e.error);
        }
        e.error = fmax(e.error, apart);
    }
    const bool sharper = st >= 0 && (isnan(best->value) || e.error < best->error);
    if (sharper) {
        *best = e;
    }
    if (err != NULL && (sharper || st == JN_ERR_NOMEM || st == JN_ERR_NAN)) {
        *err = why;
    }
    return st;
}

static jn_status escalate(const jn_model *m, size_t row, const jn_exact_options *options,
                          jn_estimate *out, jn_error *err)
{
    const jn_exact_method *order[] = { &trapezoid, &panels, &trapezoid, &adaptive, &importance };
    if (m->density->rugged) {
        order[0] = &panels;
    }
    jn_estimate best = { .value = NAN, .error = NAN };
    bool any = false;
    jn_status st = JN_ERR_UNSUPPORTED;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (!order[i]->applies(m)) {
            continue;
        }
        jn_exact_options budget = *options;
        if (i == 0 && m->dim <= JN_PANEL_DIM && order[0] == &trapezoid) {
            const uint64_t first = (uint64_t)1 << 20; /* others are there to be tried */
            budget.max_nodes = budget.max_nodes == 0 || budget.max_nodes > first ? first
                                                                                 : budget.max_nodes;
        } else if (i == 1 && order[0] == &panels) {
            continue;
        }
        st = improve(order[i], m, row, &budget, &best, err);
        any = any || st >= 0;
        if (st == JN_OK || st == JN_ERR_NOMEM || (st == JN_ERR_NAN && !any)) {
            break;
        }
    }
    if (st == JN_ERR_UNSUPPORTED && !any) {
        return jn_error_set(err, st,
                            "model %s with %zu latent coordinates has no exact log p(x) here: "
                            "rules cover 1 to %d continuous ones",
                            m->type->name, m->dim, JN_STUDENT_DIM);
    }
    if (any && st != JN_ERR_NOMEM) {
        *out = best;
        out->error += m->density->constant_rounding == NULL
                          ? 0.0
                          : m->density->constant_rounding(m->self, row);
        st = st == JN_OK ? st : JN_NOT_CONVERGED;
    }
    return st;
}

jn_status jn_exact(const jn_model *m, size_t row, const jn_exact_options *options, jn_estimate *out,
                   jn_error *err)
{
    const jn_exact_options none = { 0 };
    options = options == NULL ? &none : options;
    if (m->chain != NULL) {
        return jn_chain_evidence(m, row, options, out, err);
    }
    if (m->density == NULL || row >= m->n_obs) {
        return jn_error_set(err, JN_ERR_VALUE, "observation %zu: model %s has %zu", row,
                            m->type->name, m->n_obs);
    }
    if (has_formula(m)) {
        return formula(m, row, options, out, err);
    }
    return has_states(m) ? jn_exact_sum(m, row, out, err) : escalate(m, row, options, out, err);
}
