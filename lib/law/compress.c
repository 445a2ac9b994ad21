#include "law/compress.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"

static const double WIDTH = 1.0 / 4.0;
enum { NODES = 6 };

typedef struct node {
    int64_t bin;
    double log_w, log_m;
} node;

static int by_place(const void *a, const void *b)
{
    const node *x = a, *y = b;
    if (x->bin != y->bin) {
        return x->bin < y->bin ? -1 : 1;
    }
    if (x->log_w != y->log_w) {
        return x->log_w < y->log_w ? -1 : 1;
    }
    return (x->log_m > y->log_m) - (x->log_m < y->log_m);
}

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
    double diagonal[NODES], off[NODES], top = -INFINITY, mass = 0.0;
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, in[i].log_m);
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = in[i].log_w - in[0].log_w;
        m[i] = exp(in[i].log_m - top);
        mass += m[i];
    }
    const size_t size = lanczos(n, x, m, p, q, diagonal, off);
    double jacobi[NODES * NODES] = { 0 }, values[NODES], vectors[NODES * NODES];
    for (size_t k = 0; k < size; k++) {
        jacobi[k * size + k] = diagonal[k];
        if (k + 1 < size) {
            jacobi[k * size + k + 1] = jacobi[(k + 1) * size + k] = off[k];
        }
    }
    if (!jn_symmetric_eigen(size, jacobi, values, vectors)) {
        return 0;
    }
    for (size_t k = 0; k < size; k++) {
        log_w[k] = in[0].log_w + values[k];
        log_m[k] = top + log(mass) + 2.0 * log(fabs(vectors[k]));
    }
    return size;
}

/* Bins of more than `most` nodes are replaced. */
static size_t replace_all(size_t n, size_t most, const node *nodes, double *scratch, double *log_w,
                          double *log_m)
{
    size_t out = 0;
    for (size_t first = 0, count; first < n; first += count) {
        for (count = 1; first + count < n && nodes[first + count].bin == nodes[first].bin;) {
            count++;
        }
        const size_t made = count <= most ? 0
                                          : replace_bin(count, nodes + first, scratch, log_w + out,
                                                        log_m + out);
        for (size_t i = 0; made == 0 && i < count; i++) {
            log_w[out + i] = nodes[first + i].log_w;
            log_m[out + i] = nodes[first + i].log_m;
        }
        out += made == 0 ? count : made;
    }
    return out;
}

jn_status jn_compress(size_t n, bool reduce, double *log_w, double *log_m, size_t *n_out)
{
    node *nodes = jn_alloc(n, sizeof *nodes);
    double *scratch = jn_alloc_doubles(4 * n);
    if (nodes == NULL || scratch == NULL) {
        free(nodes);
        free(scratch);
        return JN_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        const double bin = fmax(-9e18, fmin(9e18, floor(log_w[i] / WIDTH)));
        nodes[i] = (node){ .bin = (int64_t)bin, .log_w = log_w[i], .log_m = log_m[i] };
    }
    qsort(nodes, n, sizeof *nodes, by_place);
    *n_out = replace_all(n, reduce ? NODES : n, nodes, scratch, log_w, log_m);
    free(nodes);
    free(scratch);
    return JN_OK;
}
