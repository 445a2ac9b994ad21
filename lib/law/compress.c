#include "law/compress.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"

static const double WIDTH = 1.0 / 4.0;
enum { NODES = 6 };

/* A law as it is gathered: nodes of one bin stand together, in the order in which they came. */
typedef struct node {
    double log_w, log_m;
} node;

/* Jacobi matrix of the measure sum m_i delta(x_i) by Lanczos with the recurrence of orthogonal
 * polynomials on the points themselves; its size, at most NODES. p, q: scratch of n. */
static size_t lanczos(size_t n, const double *x, const double *m, double *p, double *q,
                      double *diagonal, double *off)
{
    double norm = 0.0;
    for (size_t i = 0; i < n; i++) {
        norm += m[i];
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = 0.0;
        q[i] = 1.0 / sqrt(norm);
    }
    double beta = 0.0;
    for (size_t k = 0; k < NODES; k++) {
        double alpha = 0.0, next = 0.0;
        for (size_t i = 0; i < n; i++) {
            alpha += m[i] * x[i] * q[i] * q[i];
        }
        diagonal[k] = alpha;
        for (size_t i = 0; i < n; i++) {
            const double r = (x[i] - alpha) * q[i] - beta * p[i];
            p[i] = q[i];
            q[i] = r;
            next += m[i] * r * r;
        }
        beta = sqrt(next);
        if (k + 1 == NODES || beta < 1e-8 * WIDTH) {
            return k + 1;
        }
        off[k] = beta;
        for (size_t i = 0; i < n; i++) {
            q[i] /= beta;
        }
    }
    return NODES;
}

/* The nodes of one bin to at most NODES; 0: leave them. */
static size_t replace_bin(size_t n, const node *in, double *x, double *log_w, double *log_m)
{
    double *m = x + n, *p = x + 2 * n, *q = x + 3 * n;
    double diagonal[NODES], off[NODES], first[NODES], top = -INFINITY, mass = 0.0;
    for (size_t i = 0; i < n; i++) {
        top = in[i].log_m > top ? in[i].log_m : top;
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = in[i].log_w - in[0].log_w;
        m[i] = exp(in[i].log_m - top);
        mass += m[i];
    }
    const size_t size = lanczos(n, x, m, p, q, diagonal, off);
    if (!jn_tridiagonal_eigen(size, diagonal, off, first)) {
        return 0;
    }
    for (size_t k = 0; k < size; k++) {
        log_w[k] = in[0].log_w + diagonal[k];
        log_m[k] = top + log(mass) + 2.0 * log(fabs(first[k]));
    }
    return size;
}

static int by_log_w(const void *a, const void *b)
{
    const node *x = a, *y = b;
    if (x->log_w != y->log_w) {
        return x->log_w < y->log_w ? -1 : 1;
    }
    return (x->log_m > y->log_m) - (x->log_m < y->log_m);
}

/* One bin: replaced where it has more than `most` nodes, else sorted. */
static size_t close_bin(size_t n, size_t most, node *nodes, double *scratch, double *log_w,
                        double *log_m)
{
    const size_t made = n <= most ? 0 : replace_bin(n, nodes, scratch, log_w, log_m);
    if (made > 0) {
        return made;
    }
    qsort(nodes, n, sizeof *nodes, by_log_w);
    for (size_t i = 0; i < n; i++) {
        log_w[i] = nodes[i].log_w;
        log_m[i] = nodes[i].log_m;
    }
    return n;
}

/* Bins are counted from the highest log-weight down. Those with W below e^-60, of which only the
 * mass and the mean of log W count, are four times as wide; never more than MOST_BINS. */
enum { MOST_BINS = 1 << 22 };
static const double FAR_DOWN = -60.0;

static size_t bin_of(double log_w, double top)
{
    if (log_w >= FAR_DOWN) { /* nearly all; to whole numbers by conversion, which is floor here */
        const double bin = (top - log_w) * (1.0 / WIDTH);
        return bin < MOST_BINS - 1 ? (size_t)bin : MOST_BINS - 1;
    }
    const double near = fmax(top - FAR_DOWN, 0.0), far = FAR_DOWN - log_w;
    const double bin = floor(near / WIDTH) + 1.0 + floor(far / (4.0 * WIDTH));
    return bin < MOST_BINS - 1 ? (size_t)bin : MOST_BINS - 1;
}

/* Nodes that no functional can see: neither under q nor with the weight cubed. */
static bool counts(double log_w, double log_m)
{
    return log_m > -80.0 || log_m + 3.0 * log_w > -80.0;
}

static size_t gather(size_t n, const double *log_w, const double *log_m, bool reduce, double top,
                     size_t n_bins, size_t *end, node *nodes)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        end[bin_of(log_w[i], top)] += !reduce || counts(log_w[i], log_m[i]);
    }
    for (size_t b = n_bins; b-- > 0;) { /* the bin farthest below the top comes first */
        const size_t count = end[b];
        end[b] = kept;
        kept += count;
    }
    for (size_t i = 0; i < n; i++) {
        if (!reduce || counts(log_w[i], log_m[i])) {
            nodes[end[bin_of(log_w[i], top)]++] = (node){ log_w[i], log_m[i] };
        }
    }
    return kept;
}

/* The same where the log-weights spread too far to count bins (heavy tails of p against a Gaussian
 * q: l of 1e12): sorted, a bin begins at its lowest node. Returns how many nodes; *n_bins: bins. */
static size_t gather_sorted(size_t n, const double *log_w, const double *log_m, bool reduce,
                            size_t *n_bins, size_t *end, node *nodes)
{
    size_t kept = 0, bins = 0;
    for (size_t i = 0; i < n; i++) {
        if (!reduce || counts(log_w[i], log_m[i])) {
            nodes[kept++] = (node){ log_w[i], log_m[i] };
        }
    }
    qsort(nodes, kept, sizeof *nodes, by_log_w);
    for (size_t i = 0, first = 0; i < kept; i++) {
        const double width = nodes[first].log_w < FAR_DOWN ? 4.0 * WIDTH : WIDTH;
        if (i + 1 == kept || nodes[i + 1].log_w - nodes[first].log_w > width) {
            end[bins++] = first = i + 1;
        }
    }
    for (size_t k = 0; k < bins / 2; k++) { /* the lowest bin stands last, as above */
        const size_t other = end[k];
        end[k] = end[bins - 1 - k];
        end[bins - 1 - k] = other;
    }
    *n_bins = bins;
    return kept;
}

jn_status jn_compress(size_t n, bool reduce, double *log_w, double *log_m, size_t *n_out)
{
    double top = -INFINITY, bottom = INFINITY;
    for (size_t i = 0; i < n; i++) {
        top = log_w[i] > top ? log_w[i] : top;
        bottom = log_w[i] < bottom ? log_w[i] : bottom;
    }
    size_t n_bins = n == 0 ? 1 : bin_of(bottom, top) + 1;
    const bool sparse = n_bins == MOST_BINS;
    node *nodes = jn_realloc(NULL, n, sizeof *nodes);
    size_t *end = jn_alloc(sparse ? n : n_bins, sizeof *end);
    double *scratch = NULL;
    bool good = nodes != NULL && end != NULL;
    if (good) {
        const size_t kept = sparse ? gather_sorted(n, log_w, log_m, reduce, &n_bins, end, nodes)
                                   : gather(n, log_w, log_m, reduce, top, n_bins, end, nodes);
        size_t out = 0, first = 0, largest = 0;
        for (size_t b = n_bins; b-- > 0; first = end[b]) {
            largest = end[b] - first > largest ? end[b] - first : largest;
        }
        scratch = jn_realloc(NULL, 4 * largest, sizeof *scratch);
        good = scratch != NULL;
        first = 0;
        for (size_t b = n_bins; good && b-- > 0 && first < kept; first = end[b]) {
            out += close_bin(end[b] - first, reduce ? NODES : n, nodes + first, scratch,
                             log_w + out, log_m + out);
        }
        *n_out = good ? out : *n_out;
    }
    free(nodes);
    free(scratch);
    free(end);
    return good ? JN_OK : JN_ERR_NOMEM;
}
