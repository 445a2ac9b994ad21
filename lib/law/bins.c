#include "law/bins.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/kernels.h"
#include "law/gauss.h"

enum { SUMS = JN_BIN_SUMS, MARGIN = 16 };

static uint64_t bits_of(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static double number_of(uint64_t b)
{
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

static int64_t near_row(void)
{
    return (int64_t)(bits_of(JN_BIN_NEAR) >> JN_BIN_SHIFT);
}

static int64_t row_of(double x, double origin)
{
    const double d = x - origin;
    const int64_t up = (int64_t)(bits_of(fabs(d) + JN_BIN_NEAR) >> JN_BIN_SHIFT) - near_row();
    return signbit(d) ? ~up : up;
}

/* From the origin, the near end of a row and its width, outwards. */
static void ends_of(int64_t row, double *near, double *width)
{
    const uint64_t up = (uint64_t)((row < 0 ? ~row : row) + near_row());
    *near = number_of(up << JN_BIN_SHIFT) - JN_BIN_NEAR;
    *width = number_of((up + 1) << JN_BIN_SHIFT) - JN_BIN_NEAR - *near;
}

jn_bins *jn_bins_new(void)
{
    return jn_alloc_apart(1, sizeof(jn_bins));
}

void jn_bins_free(jn_bins *b)
{
    if (b != NULL) {
        free(b->rows);
        free(b);
    }
}

void jn_bins_clear(jn_bins *b)
{
    if (b->n > 0) {
        memset(b->rows, 0, b->n * SUMS * sizeof *b->rows);
    }
}

void jn_bins_place(jn_bins *b, double origin)
{
    b->placed = !isnan(origin);
    b->origin = origin;
}

/* A middle of the first few, by insertion, half a bin below: the order of 31 costs nothing. */
double jn_bins_origin(size_t n, const double *x)
{
    enum { FEW = 31 };
    double sorted[FEW];
    size_t m = 0;
    for (size_t i = 0; i < n && m < FEW; i++) {
        size_t at = m++;
        for (; at > 0 && sorted[at - 1] > x[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = x[i];
    }
    return sorted[m / 2] - 1.0 / 32.0;
}

/* Rows lo .. hi are there. */
static jn_status reach(jn_bins *b, int64_t lo, int64_t hi)
{
    if (b->n > 0 && lo >= b->first && hi < b->first + (int64_t)b->n) {
        return JN_OK;
    }
    int64_t first = lo - MARGIN, end = hi + 1 + MARGIN;
    if (b->n > 0) {
        first = lo < b->first ? first : b->first;
        end = hi >= b->first + (int64_t)b->n ? end : b->first + (int64_t)b->n;
    }
    double *rows = jn_alloc_doubles((size_t)(end - first) * SUMS);
    if (rows == NULL) {
        return JN_ERR_NOMEM;
    }
    if (b->n > 0) {
        memcpy(rows + (b->first - first) * SUMS, b->rows, b->n * SUMS * sizeof *rows);
    }
    free(b->rows);
    b->rows = rows;
    b->first = first;
    b->n = (size_t)(end - first);
    return JN_OK;
}

jn_status jn_bins_add(jn_bins *b, size_t n, const double *x, double lo, double hi)
{
    if (!b->placed) {
        jn_bins_place(b, jn_bins_origin(n, x));
    }
    const jn_status st = reach(b, row_of(lo, b->origin), row_of(hi, b->origin));
    if (st == JN_OK) {
        jn_kernels_get()->bins(n, x, b->origin, b->first, b->rows);
    }
    return st;
}

/* Nodes of one row. */
static size_t read_row(const jn_bins *b, size_t i, double *x, double *mass)
{
    const int64_t row = b->first + (int64_t)i;
    double near, width, t[JN_GAUSS_NODES];
    const size_t n = jn_gauss_nodes(b->rows + i * SUMS, t, mass);
    ends_of(row, &near, &width);
    for (size_t k = 0; k < n; k++) {
        const double d = near + 0.5 * width * (1.0 + t[k]);
        x[k] = row < 0 ? b->origin - d : b->origin + d;
    }
    return n;
}

static void add_node(jn_bins *b, double x, double mass)
{
    const int64_t row = row_of(x, b->origin);
    double near, width, *sums = b->rows + (row - b->first) * SUMS;
    ends_of(row, &near, &width);
    const double t = 2.0 * (fabs(x - b->origin) - near) / width - 1.0;
    for (int j = 0; j < SUMS; j++, mass *= t) {
        sums[j] += mass;
    }
}

/* Bins about another origin: their nodes are what is added. */
static jn_status merge_nodes(jn_bins *into, const jn_bins *from)
{
    for (size_t i = 0; i < from->n; i++) {
        double x[JN_GAUSS_NODES], mass[JN_GAUSS_NODES];
        const size_t n = from->rows[i * SUMS] > 0.0 ? read_row(from, i, x, mass) : 0;
        for (size_t k = 0; k < n; k++) {
            const int64_t row = row_of(x[k], into->origin);
            const jn_status st = reach(into, row, row);
            if (st != JN_OK) {
                return st;
            }
            add_node(into, x[k], mass[k]);
        }
    }
    return JN_OK;
}

jn_status jn_bins_merge(jn_bins *into, const jn_bins *from)
{
    if (!from->placed || from->n == 0) {
        return JN_OK;
    }
    if (into->placed && into->origin != from->origin) {
        return merge_nodes(into, from);
    }
    jn_bins_place(into, from->origin);
    const jn_status st = reach(into, from->first + (into->n == 0 ? MARGIN : 0),
                               from->first + (int64_t)from->n - 1 - (into->n == 0 ? MARGIN : 0));
    double *to = st == JN_OK ? into->rows + (from->first - into->first) * SUMS : NULL;
    for (size_t i = 0; st == JN_OK && i < from->n; i++) {
        for (size_t j = 0; from->rows[i * SUMS] > 0.0 && j < SUMS; j++) {
            to[i * SUMS + j] += from->rows[i * SUMS + j];
        }
    }
    return st;
}

size_t jn_bins_room(const jn_bins *b)
{
    size_t room = 0;
    for (size_t i = 0; i < b->n; i++) {
        room += b->rows[i * SUMS] > 0.0 ? JN_GAUSS_NODES : 0;
    }
    return room;
}

size_t jn_bins_nodes(const jn_bins *b, double *x, double *log_m)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->rows[i * SUMS] > 0.0) {
            const size_t made = read_row(b, i, x + n, log_m + n);
            for (size_t k = n; k < n + made; k++) {
                log_m[k] = log(log_m[k]);
            }
            n += made;
        }
    }
    return n;
}
