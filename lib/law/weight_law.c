/* The law in units of p(x), and the Laplace transform of W that the IWAE family is made of. */
#include <string.h>

#include "base/memory.h"
#include "jensen/law.h"
#include "kernel/kernels.h"
#include "law/compress.h"

/* exp(LOG_W_CAP) stands for any larger W where only a saturated function of it is needed. */
static const double LOG_W_CAP = 700.0;
/* Nodes that a kernel may take: no product of theirs overflows or underflows. */
static const double LOG_PLAIN = 300.0;
/* More nodes than this are compressed. */
enum { MANY = 4096 };

static void set_node(jn_weight_law *w, size_t i, double log_w, double log_m)
{
    w->log_w[i] = log_w;
    w->m[i] = exp(log_m);
    w->w1[i] = expm1(fmin(log_w, LOG_W_CAP));
    /* m (W - 1): near W = 1 the product is exact, far out m may underflow while m W does not */
    w->mw1[i] = fabs(log_w) < 1.0 ? w->m[i] * w->w1[i] : exp(log_m + log_w) - w->m[i];
}

/* Plain nodes first; the order within either kind is kept. */
static void set_nodes(jn_weight_law *w, size_t n, const double *log_w, const double *log_m)
{
    size_t at = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            const bool plain = fabs(log_w[i]) < LOG_PLAIN && log_m[i] > -LOG_PLAIN;
            if (plain == (pass == 0)) {
                set_node(w, at++, log_w[i], log_m[i]);
            }
        }
        w->n_plain = pass == 0 ? at : w->n_plain;
    }
}

jn_status jn_weight_law_new(const jn_law *law, jn_weight_law *out)
{
    const bool zeros = law->n_zero > 0;
    const double log_total = jn_lse_log_sum(&law->mass);
    const double log_mean_w = jn_lse_log_sum(&law->evidence) - log_total;
    double *nodes = jn_alloc_doubles(2 * law->n);
    if (nodes == NULL) {
        return JN_ERR_NOMEM;
    }
    size_t n = law->n;
    double *log_w = nodes, *log_m = nodes + n;
    for (size_t i = 0; i < n; i++) {
        log_w[i] = law->node_log_w[i] - log_mean_w;
        log_m[i] = (law->node_log_m == NULL ? 0.0 : law->node_log_m[i]) - log_total;
    }
    const jn_status st = n > MANY ? jn_compress(n, log_w, log_m, &n) : JN_OK;
    const size_t all = n + (zeros ? 1 : 0);
    double *data = st == JN_OK ? jn_alloc_doubles(4 * all) : NULL;
    if (data != NULL) {
        *out = (jn_weight_law){ .n = all,
                                .log_evidence = jn_law_log_evidence(law),
                                .log_w = data,
                                .m = data + all,
                                .w1 = data + 2 * all,
                                .mw1 = data + 3 * all,
                                .data = data };
        out->zero_mass = zeros ? exp(jn_lse_log_sum(&law->zero_mass) - log_total) : 0.0;
        set_nodes(out, n, log_w, log_m);
        if (zeros) {
            set_node(out, n, -INFINITY, log(out->zero_mass));
        }
    }
    free(nodes);
    return data == NULL ? JN_ERR_NOMEM : JN_OK;
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
        } else if (w->mw1[i] > 0.0) { /* w1 is capped */
            sum += w->mw1[i] * exp((j - 1) * w->log_w[i]);
        }
    }
    return sum;
}
