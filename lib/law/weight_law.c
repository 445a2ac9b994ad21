/* The law in units of p(x), and the Laplace transform of W that the IWAE family is made of. */
#include <string.h>

#include "base/memory.h"
#include "jensen/law.h"

/* exp(LOG_W_CAP) stands for any larger W where only 1/W or a saturated function of it is needed. */
static const double LOG_W_CAP = 700.0;

static void set_node(jn_weight_law *w, size_t i, double log_w, double log_m)
{
    w->log_w[i] = log_w;
    w->m[i] = exp(log_m);
    w->w1[i] = expm1(fmin(log_w, LOG_W_CAP));
    /* m (W - 1): near W = 1 the product is exact, far out m may underflow while m W does not */
    w->mw1[i] = fabs(log_w) < 1.0 ? w->m[i] * w->w1[i] : exp(log_m + log_w) - w->m[i];
}

jn_status jn_weight_law_new(const jn_law *law, jn_weight_law *out)
{
    const bool zeros = law->n_zero > 0;
    const size_t n = law->n + (zeros ? 1 : 0);
    double *data = jn_alloc_doubles(4 * n);
    if (data == NULL) {
        return JN_ERR_NOMEM;
    }
    const double log_total = jn_lse_log_sum(&law->mass);
    const double log_mean_w = jn_lse_log_sum(&law->evidence) - log_total;
    *out = (jn_weight_law){ .n = n,
                            .log_evidence = jn_law_log_evidence(law),
                            .zero_mass = zeros ? exp(jn_lse_log_sum(&law->zero_mass) - log_total)
                                               : 0.0,
                            .log_w = data,
                            .m = data + n,
                            .w1 = data + 2 * n,
                            .mw1 = data + 3 * n,
                            .data = data };
    for (size_t i = 0; i < law->n; i++) {
        const double log_m = law->node_log_m == NULL ? 0.0 : law->node_log_m[i];
        set_node(out, i, law->node_log_w[i] - log_mean_w, log_m - log_total);
    }
    if (zeros) {
        set_node(out, n - 1, -INFINITY, log(out->zero_mass));
    }
    return JN_OK;
}

void jn_weight_law_free(jn_weight_law *w)
{
    free(w->data);
    memset(w, 0, sizeof *w);
}

/* (e^-y - 1 + y) / y: its sign is that of y, and nothing cancels. */
static double g_over_y(double y)
{
    if (fabs(y) >= 0.5) {
        return 1.0 + expm1(-y) / y;
    }
    /* Taylor: the first term left out is y^16/17! < 1e-19 */
    double sum = 0.0;
    for (int k = 16; k >= 2; k--) {
        sum = 1.0 / k * (1.0 - y * sum);
    }
    /* sum = 1/2 - y/(2*3) + y^2/(2*3*4) - ... */
    return y * sum;
}

/* E e^(-s(W-1)) - 1 = sum m g(s(W - 1)), g(y) = e^-y - 1 + y >= 0, since E (W - 1) = 0: a sum of
 * terms that are never negative. */
static double centred(const jn_weight_law *w, double s)
{
    double sum = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        sum += w->mw1[i] * g_over_y(s * w->w1[i]);
    }
    return s * sum;
}

double jn_weight_law_delta(const jn_weight_law *w, double s)
{
    if (s <= 600.0) { /* e^s fits */
        return log1p(centred(w, s));
    }
    const double log_s = log(s);
    jn_lse phi = JN_LSE_INIT;
    for (size_t i = 0; i < w->n; i++) {
        if (w->m[i] > 0.0) {
            jn_lse_add(&phi, log(w->m[i]) - exp(log_s + w->log_w[i]));
        }
    }
    return s + jn_lse_log_sum(&phi);
}

double jn_weight_law_moment(const jn_weight_law *w, int j)
{
    double sum = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        sum += w->mw1[i] * pow(w->w1[i], j - 1);
    }
    return sum;
}
