#include "law/stream.h"

#include "kernel/kernels.h"

static jn_moments block_moments(size_t n, double shift, double sum, double squares)
{
    const double step = sum / (double)n;
    return (jn_moments){
        .weight = (double)n, .mean = shift + step, .m2 = fmax(squares - step * sum, 0.0), .n = n
    };
}

bool jn_moments_of_array(size_t n, const double *x, jn_moments *out, double range[2])
{
    double got[4];
    jn_kernels_get()->measure(n, x, x[0], got);
    range[0] = got[0];
    range[1] = got[1];
    if (isfinite(got[2])) {
        *out = block_moments(n, x[0], got[2], got[3]);
    }
    return isfinite(got[2]);
}

jn_moments jn_moments_of_draws(size_t n, const double *log_w, const jn_draw_sums *sums)
{
    return block_moments(n, log_w[0], sums->fold[0][1] + sums->fold[1][1],
                         sums->fold[0][4] + sums->fold[1][4]);
}

static void add_slowly(jn_moments *acc, size_t n, const double *x)
{
    jn_moments block = JN_MOMENTS_INIT;
    for (size_t i = 0; i < n; i++) {
        jn_moments_add(&block, x[i], 1.0);
    }
    jn_moments_merge(acc, &block);
}

/* sum: of x - x[0] and of its squares. */
static void add_sums(jn_moments *acc, size_t n, const double *x, const double sum[2])
{
    if (isfinite(sum[0])) {
        const jn_moments block = block_moments(n, x[0], sum[0], sum[1]);
        jn_moments_merge(acc, &block);
    } else { /* an infinity somewhere */
        add_slowly(acc, n, x);
    }
}

void jn_moments_add_array(jn_moments *acc, size_t n, const double *x)
{
    double sum[2];
    jn_kernels_get()->moments(n, x, x[0], sum);
    add_sums(acc, n, x, sum);
}

/* Sums of e^(j l) relative to e^(j top), j = 1, 2, 3, to the law, whose own tops are in the same
 * proportion. */
static void add_powers(jn_law *law, double top, const double sums[3], uint64_t n)
{
    jn_lse *const to[3] = { &law->evidence, &law->second, &law->third };
    const double apart = exp(-fabs(top - law->evidence.max));
    const bool higher = top > law->evidence.max;
    double factor = 1.0;
    for (int j = 0; j < 3; j++) {
        factor *= apart;
        to[j]->scaled = higher ? to[j]->scaled * factor + sums[j]
                               : to[j]->scaled + sums[j] * factor;
        to[j]->max = higher ? (j + 1) * top : to[j]->max;
        to[j]->n += n;
    }
}

static void count_zeros(jn_law *law, size_t n, const double *log_w)
{
    for (size_t i = 0; i < n; i++) {
        if (log_w[i] == -INFINITY) {
            law->n_zero++;
            jn_lse_add(&law->zero_mass, 0.0);
        }
    }
}

/* Weights in units of the law's own, where none overflows when cubed and none underflows. */
void jn_stream_look(const jn_law *law, const jn_weights *b, jn_stream_block *out)
{
    const double HIGH = 200.0, LOW = -600.0;
    const jn_kernels *k = jn_kernels_get();
    const double *range = out->sums.range;
    out->b = b;
    out->scaled = (jn_scaled){ .unit = law->unit };
    if (b->n <= JN_STREAM_BLOCK && !isnan(law->unit)) {
        k->weights(b->n, b->log_w, law->unit, out->w, out->w1, &out->sums);
        const double low = range[0] - law->unit, high = range[1] - law->unit;
        if (low > LOW && high < HIGH && high > -HIGH) {
            out->scaled = (jn_scaled){ law->unit, out->w, out->w1, &out->sums };
            return;
        }
    } else {
        k->extent(b->n, b->log_w, out->sums.range);
    }
    if (range[1] > -INFINITY) {
        out->scaled.unit = range[1];
        k->powers(b->n, b->log_w, range[1], out->sums.power);
    }
}

void jn_law_stream_draws(jn_law *law, const jn_stream_block *block)
{
    const jn_weights *b = block->b;
    const jn_lse mass = { 0.0, (double)b->n, b->n };
    jn_lse_merge(&law->mass, &mass);
    if (block->sums.range[0] == -INFINITY) {
        count_zeros(law, b->n, b->log_w);
    }
    if (block->sums.range[1] > -INFINITY) {
        add_powers(law, block->scaled.unit, block->sums.power, b->n);
    } else {
        law->evidence.n += b->n;
        law->second.n += b->n;
        law->third.n += b->n;
    }
    if (block->scaled.w != NULL) {
        const jn_moments all = jn_moments_of_draws(b->n, b->log_w, &block->sums);
        jn_moments_merge(&law->log_w, &all);
    } else {
        jn_moments_add_array(&law->log_w, b->n, b->log_w);
    }
    if (b->log_lik != NULL && b->mark_sums != NULL) {
        add_sums(&law->log_lik, b->n, b->log_lik, b->mark_sums);
        add_sums(&law->log_ratio, b->n, b->log_ratio, b->mark_sums + 2);
    } else if (b->log_lik != NULL) {
        jn_moments_add_array(&law->log_lik, b->n, b->log_lik);
        jn_moments_add_array(&law->log_ratio, b->n, b->log_ratio);
    }
}

void jn_law_stream_nodes(jn_law *law, const jn_weights *b)
{
    jn_lse evidence = JN_LSE_INIT, second = JN_LSE_INIT, third = JN_LSE_INIT;
    for (size_t i = 0; i < b->n; i++) {
        const double log_m = b->log_mass[i], l = b->log_w[i], m = exp(log_m);
        if (log_m == -INFINITY) {
            continue;
        }
        if (l == -INFINITY) {
            law->n_zero++;
            jn_lse_add(&law->zero_mass, log_m);
        }
        jn_lse_add(&evidence, log_m + l);
        jn_lse_add(&second, log_m + 2.0 * l);
        jn_lse_add(&third, log_m + 3.0 * l);
        if (b->edge != NULL && b->edge[i] == 1) {
            jn_lse_add(&law->edge_mass, log_m);
            jn_lse_add(&law->edge_evidence, log_m + l);
            jn_lse_add(&law->edge_entropy, log_m + l + log(fmax(1.0, fabs(l))));
        }
        jn_moments_add(&law->log_w, l, m);
        if (b->log_lik != NULL) {
            jn_moments_add(&law->log_lik, b->log_lik[i], m);
            jn_moments_add(&law->log_ratio, b->log_ratio[i], m);
        }
    }
    jn_lse_add_array(&law->mass, b->n, b->log_mass);
    jn_lse_merge(&law->evidence, &evidence);
    jn_lse_merge(&law->second, &second);
    jn_lse_merge(&law->third, &third);
}
