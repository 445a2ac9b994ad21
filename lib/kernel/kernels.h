/* The vector kernels: the inner loops of the library, one set for each instruction set. Internal.
 *
 * jn_kernels_get() gives the best set that this machine runs. Every set computes the same
 * functions; sets agree to 1e-12 relative (what is a difference of their results, a small gap, to
 * 1e-12 of what it is the difference of, and k-hat to 1e-11), and one set gives the same bits for a
 * value wherever it stands in an array: neither alignment nor the way a long array is cut into
 * calls can matter, except where a sum is returned (its order is fixed by n alone).
 *
 * All functions are pure and thread-safe. Arrays are of any length (0 too) and any alignment of a
 * double; inputs and outputs do not overlap unless "in place" is said. */
#ifndef JN_KERNEL_KERNELS_H
#define JN_KERNEL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"

/* The fixed words of a Philox4x32-10 counter: see jensen/random.h. */
typedef struct jn_counter {
    uint32_t key[2];
    uint32_t coordinate; /* < 2^24 */
    uint32_t word2, word3;
} jn_counter;

/* Largest errors of the elementary functions in units of the last place, subnormal results
 * included: maxima over the sets and 1e8 points each (tests/kernel/test_accuracy.c), rounded up. */
#define JN_EXP_ULP      1.25
#define JN_LOG_ULP      1.1
#define JN_LOG1P_ULP    1.7
#define JN_EXPM1_ULP    2.1
#define JN_SOFTPLUS_ULP 3.1
#define JN_TANH_ULP     3.0
#define JN_SIGMOID_ULP  3.0

/* Key of a nested scrambling: see jn_kernels.scramble. times[] are odd. */
enum { JN_SCRAMBLE_ROUNDS = 3 };
typedef struct jn_scramble {
    uint64_t add[JN_SCRAMBLE_ROUNDS], times[JN_SCRAMBLE_ROUNDS];
} jn_scramble;

/* Nodes whose sums of bits stand side by side in the table of score_bits. */
enum { JN_SCORE_STRIP = 16 };
/* Bins of finite numbers about an origin: of width 1/16 up to 16 away, of twice the width up to 48,
 * and so on. The bits of y = |x - origin| + 16 above JN_BIN_SHIFT are the row, from 0 upwards for x
 * above the origin and from -1 downwards below it; the bits under it are the place t in [-1, 1)
 * within the bin, outwards. */
enum { JN_BIN_SUMS = 8, JN_BIN_SHIFT = 44 };
#define JN_BIN_NEAR 16.0

/* Functions of one array: out[i] = f(x[i]); in place (out == x) is fine. */
typedef void jn_map_fn(size_t n, const double *x, double *out);

/* Sums over log-weights x, with y = x - x[0] and e^(x - unit) = w = 1 + w1. */
typedef struct jn_draw_sums {
    double range[2];   /* least and largest x */
    double power[3];   /* w, w^2, w^3 */
    double fold[2][5]; /* w1, y, w1^2, w1 y and y^2 over those of even and those of odd number */
} jn_draw_sums;

typedef struct jn_kernels {
    const char *isa; /* "avx512", "avx2" or "plain" */

    /* Samples index0 .. index0+n-1 of a stream, index0 + n <= 2^41.
     * unit(w) = (4096 floor(w / 4096) + 2048) / 2^64, or (w | 1) / 2^64 where w < 2^44: exact,
     * strictly inside (0, 1), and as fine as the word near 0.
     * A pair of normals is r cos t, r sin t with r = sqrt(-2 log unit(first word)) and
     * t = 2 pi (j + d / 2) / 16, j = second word mod 16, d = (second word as signed) / 2^63. */
    void (*words)(const jn_counter *c, uint64_t index0, size_t n, uint64_t *out);
    void (*uniforms)(const jn_counter *c, uint64_t index0, size_t n, double *out);
    void (*normals)(const jn_counter *c, uint64_t index0, size_t n, double *out);

    /* The transform alone, for tests: n pairs of words to n pairs of normals. */
    void (*box_muller)(size_t n, const uint64_t *first, const uint64_t *second, double *z_cos,
                       double *z_sin);

    /* out[i] = the digits base ^ offset[i], scrambled, as a number strictly inside (0, 1). Digits
     * are in reverse: the first one, which halves the interval, is bit 0. Of the result 52 are kept
     * and half a unit is added. Sums and products carry upwards alone, so a digit of the result
     * depends on the digits before it and on itself, and on itself only by a flip: a nested
     * scrambling (Laine & Karras 2011; Burley 2020), here of 64 digits with 384 bits of key. A
     * keyed sum makes each single point uniform; the other steps make the flips after different
     * prefixes differ. The same bits on every set. */
    void (*scramble)(const jn_scramble *key, uint64_t base, size_t n, const uint64_t *offset,
                     double *out);

    /* Elementary functions on the whole line: infinities, signed zeros, subnormals, overflow to
     * inf, underflow through the subnormals to 0; NaN gives NaN, as does log of a negative. */
    jn_map_fn *exp;
    jn_map_fn *log;
    jn_map_fn *log1p;
    jn_map_fn *expm1;
    jn_map_fn *softplus; /* log(1 + e^x) */
    jn_map_fn *tanh;
    jn_map_fn *sigmoid; /* 1 / (1 + e^-x) */

    /* Inverse of the standard normal distribution function (Wichura 1988, AS 241); 0 and 1 give
     * -inf and inf, what lies outside gives NaN. */
    jn_map_fn *quantile;

    /* Sums run in 4 * lanes interleaved partial sums, added along a fixed tree. */
    double (*max)(size_t n, const double *x); /* passes NaN over; -inf for n = 0 */
    double (*sum_exp)(size_t n, const double *x, double shift); /* sum of e^(x - shift) */
    void (*moments)(size_t n, const double *x, double shift, double out[2]); /* (x-shift)^1, ^2 */
    double (*lse)(size_t n,
                  const double *x); /* log of sum of e^x; -inf for n = 0; +inf gives NaN */

    /* Log-weights of n points: log_ratio = log_q - log_prior (0 where log_prior is NULL), log_w =
     * log_lik - log_ratio, or -inf where log_q is; marks: sums of log_lik - log_lik[0] and of its
     * squares, and the same for log_ratio. Nonzero where every log_w and every log_q is below
     * +inf. */
    int (*weigh)(size_t n, const double *log_lik, const double *log_q, const double *log_prior,
                 double *log_ratio, double *log_w, double marks[4]);
    void (*extent)(size_t n, const double *x, double out[2]); /* least and largest; no NaN */
    void (*measure)(size_t n, const double *x, double shift, double out[4]); /* and the moments */
    /* Those x above `floor`, in their order, to out, which has room for n. How many. */
    size_t (*above)(size_t n, const double *x, double floor, double *out);
    /* sums of e, e^2 and e^3, e = e^(x - shift), for shift >= x; what is below 1e-306 counts as 0
     */
    void (*powers)(size_t n, const double *x, double shift, double out[3]);

    /* Adds 1, t, t^2, ..., t^7 of each x to the row of its bin, in the order of x: rows +
     * JN_BIN_SUMS (jn_bin_row(x) - first), which must be there. See below for bins. */
    void (*bins)(size_t n, const double *x, double origin, int64_t first, double *rows);

    /* w = e^(x - unit), w1 = w - 1 and what is summed over n > 0 draws; all but the range is
     * meaningless unless every |x - unit| < 650. */
    void (*weights)(size_t n, const double *x, double unit, double *w, double *w1,
                    jn_draw_sums *out);

    /* sum of log(1 + scale x) for scale x between -1 + 1e-16 and 1e30 */
    double (*sum_log1p)(size_t n, const double *x, double scale);

    /* out[g] = log of the mean of e^l over l[g k] .. l[g k + k - 1], g < groups; k >= 1. -inf is a
     * zero weight, a group of them gives -inf; NaN or +inf in a group gives NaN. */
    void (*group_lme)(size_t groups, size_t k, const double *l, double *out);

    /* out[g] = mean of x[g k] .. x[g k + k - 1], g < groups; k >= 1 */
    void (*group_means)(size_t groups, size_t k, const double *x, double *out);

    /* Of pairs with an even number and of those with an odd one: sums of dx, dy, dx^2, dx dy and
     * dy^2, the differences of x and y to those of pair 0 and of pair 1. */
    void (*control)(size_t n, const double *x, const double *y, double out[2][5]);

    /* Model kernels: z is dim rows of ld doubles, ld >= n, sample i is column i. The value of a
     * sample does not depend on n or on the samples beside it. `out` has n doubles. */

    /* out[i] = start - 1/2 sum over j < rows of (t[j] - sum_d w[j dim + d] z[d ld + i])^2. Divide
     * the rows of W and x - b by the noise sd first: once a model, not once a sample. */
    void (*residual)(size_t rows, size_t dim, const double *w, const double *t, double start,
                     size_t n, size_t ld, const double *z, double *out);

    /* out[i] = start + scale * sum_d ((z[d ld + i] - mean[d]) * inv_sd[d])^2. NULL: mean 0,
     * inv_sd 1. */
    void (*quadratic)(size_t dim, const double *mean, const double *inv_sd, double start,
                      double scale, size_t n, size_t ld, const double *z, double *out);

    /* z = mean + L e with L dim x dim, row-major, lower triangular (what is above the diagonal is
     * not read); in place (z == e) is fine. */
    void (*affine)(size_t dim, const double *mean, const double *l, size_t n, size_t ld,
                   const double *e, double *z);

    /* z = mean + sd e with sd[d stride] the standard deviation of row d; in place is fine. */
    void (*diagonal)(size_t dim, const double *mean, const double *sd, size_t stride, size_t n,
                     size_t ld, const double *e, double *z);

    /* out[i] -= sum over r < rows of softplus(sum_d x[r dim + d] z[d ld + i]).
     * The log-likelihood of y ~ Bernoulli(logit^-1 Xz) is this with row r of X multiplied by
     * 1 - 2 y_r: no large terms cancel, whatever the size of Xz. One log serves 512 rows. */
    void (*logistic)(size_t rows, size_t dim, const double *x, size_t n, size_t ld, const double *z,
                     double *out);

    /* Rows of data against n decoded nodes: with x_k row pick[k] of x (NULL: row k), `dim` numbers,
     *   score:    out[k ld_out + i] = start[i] + sum_j x_k[j] a[j ld + i],
     *   distance: out[k ld_out + i] = start[i] + scale * sum_j (x_k[j] - a[j ld + i])^2.
     * An entry depends neither on the rows nor on the nodes beside it. Where every x is 0 or 1
     * score_bits gives the bits of score, several times faster for many rows: bit b of
     * codes[k ceil(dim / 4) + g] is x_k[4 g + b], and `table` has 4 * JN_SCORE_STRIP doubles of
     * work space for each number of a row (dim rounded up to a multiple of 4). */
    void (*score)(size_t rows, const size_t *pick, size_t dim, const double *x, size_t n, size_t ld,
                  const double *a, const double *start, size_t ld_out, double *out);
    void (*score_bits)(size_t rows, const size_t *pick, size_t dim, const uint8_t *codes, size_t n,
                       size_t ld, const double *a, const double *start, double *table,
                       size_t ld_out, double *out);
    void (*distance)(size_t rows, const size_t *pick, size_t dim, const double *x, double scale,
                     size_t n, size_t ld, const double *a, const double *start, size_t ld_out,
                     double *out);

    /* out[k] = sum over i of m[i] g(s[k] v[i]), g(y) = e^-y - 1 + y, without cancellation at
     * small y, for v >= -1; and sum of m[i] e^(-s[k] w[i]) for w >= 0, where what is below 1e-306
     * may count as 0. k < ns; s >= 0. */
    void (*law_gap)(size_t ns, const double *s, size_t n, const double *m, const double *v,
                    double *out);
    void (*law_exp)(size_t ns, const double *s, size_t n, const double *m, const double *w,
                    double *out);
} jn_kernels;

/* The set in use: the best that this machine runs, unless one was selected. Never NULL. */
const jn_kernels *jn_kernels_get(void);

/* For tests: use the set of this name from now on; NULL: the best one again. JN_ERR_UNSUPPORTED
 * where this build or machine has none of that name. Not while other threads compute. */
JN_CHECKED jn_status jn_kernels_select(const char *isa);

#endif
