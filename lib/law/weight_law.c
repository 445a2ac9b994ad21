/* The law in units of p(x), and the Laplace transform of W that the IWAE family is made of. */
#include <string.h>

#include "base/memory.h"
#include "jensen/law.h"
#include "kernel/kernels.h"
#include "law/bins.h"
#include "law/compress.h"
#include "law/reuse.h"

/* exp(LOG_W_CAP) stands for any larger W where only a saturated function of it is needed. */
static const double LOG_W_CAP = 700.0;
/* Below LOW W is nothing against 1; above HIGH products with W may overflow. */
static const double LOW = -40.0, HIGH = 300.0;

/* All but the first two columns, which stand. */
static void fill_nodes(jn_weight_law *w)
{
    const jn_kernels *k = jn_kernels_get();
    double *const mw = w->mw_below + 1; /* of its node, until they are added up */
    for (size_t i = 0; i < w->n; i++) {
        mw[i] = w->log_m[i] + w->log_w[i];
        w->w1[i] = fmin(w->log_w[i], LOG_W_CAP);
    }
    k->exp(w->n, mw, mw);
    k->exp(w->n, w->log_m, w->m);
    k->expm1(w->n, w->w1, w->w1);
    for (size_t i = 0; i < w->n; i++) {
        /* m (W - 1): near W = 1 the product is exact, far out m may underflow while m W does not */
        w->mw1[i] = fabs(w->log_w[i]) < 1.0 ? w->m[i] * w->w1[i] : mw[i] - w->m[i];
        w->m_below[i + 1] = w->m_below[i] + w->m[i];
        w->mw_below[i + 1] += w->mw_below[i];
        w->low += w->log_w[i] < LOW;
        w->high += w->log_w[i] <= HIGH;
    }
    for (size_t i = w->n; i-- > 0;) {
        w->m_above[i] = w->m_above[i + 1] + w->m[i];
    }
}

static jn_status allocate(jn_weight_law *w, size_t n)
{
    double *data = jn_alloc_doubles(8 * n + 3);
    if (data == NULL) {
        return JN_ERR_NOMEM;
    }
    *w = (jn_weight_law){ .n = n,
                          .log_w = data,
                          .m = data + n,
                          .w1 = data + 2 * n,
                          .mw1 = data + 3 * n,
                          .m_below = data + 4 * n,
                          .mw_below = data + 5 * n + 1,
                          .log_m = data + 6 * n + 2,
                          .m_above = data + 7 * n + 2,
                          .data = data };
    return JN_OK;
}

jn_status jn_weight_law_new(const jn_law *law, jn_weight_law *out)
{
    const size_t zeros = law->n_zero > 0;
    const double log_total = jn_lse_log_sum(&law->mass);
    const double log_mean_w = jn_lse_log_sum(&law->evidence) - log_total;
    size_t n = law->n + (law->bins == NULL ? 0 : jn_bins_room(law->bins));
    double *nodes = jn_realloc(NULL, 2 * n, sizeof *nodes);
    if (nodes == NULL) {
        return JN_ERR_NOMEM;
    }
    double *log_w = nodes, *log_m = nodes + n;
    if (law->n > 0) {
        memcpy(log_w, law->node_log_w, law->n * sizeof *log_w);
        memcpy(log_m, law->node_log_m, law->n * sizeof *log_m);
    }
    if (law->bins != NULL) {
        n = law->n + jn_bins_nodes(law->bins, log_w + law->n, log_m + law->n);
    }
    for (size_t i = 0; i < n; i++) {
        log_w[i] -= log_mean_w;
        log_m[i] -= log_total;
    }
    jn_weight_law w;
    jn_status st = jn_compress(n, n > JN_NODES_MANY, log_w, log_m, &n);
    st = st == JN_OK ? allocate(&w, n + zeros) : st;
    if (st == JN_OK) {
        w.log_evidence = jn_law_log_evidence(law);
        if (zeros > 0) {
            const double log_zero = jn_lse_log_sum(&law->zero_mass) - log_total;
            w.zero_mass = exp(log_zero);
            w.log_w[0] = -INFINITY;
            w.log_m[0] = log_zero;
        }
        for (size_t i = 0; i < n; i++) {
            w.log_w[i + zeros] = log_w[i];
            w.log_m[i + zeros] = log_m[i];
        }
        fill_nodes(&w);
        *out = w;
    }
    free(nodes);
    return st;
}

void jn_weight_law_free(jn_weight_law *w)
{
    free(w->data);
    memset(w, 0, sizeof *w);
}

double jn_weight_law_moment(const jn_weight_law *w, int j)
{
    double sum = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        if (w->log_w[i] <= LOG_W_CAP) {
            sum += w->mw1[i] * pow(w->w1[i], j - 1);
        } else { /* w1 is capped, and m W may underflow where m W^j does not */
            sum += exp(w->log_m[i] + j * w->log_w[i]);
        }
    }
    return sum;
}
