/* log of the mean of e^l over consecutive groups. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

/* Largest of a group, 0 in place of -inf: what it is subtracted from stays -inf. */
INLINE double group_shift(size_t k, const double *l)
{
    vd m = v_set(-INFINITY);
    size_t i = 0;
    for (; i + VN <= k; i += VN) {
        m = v_max(v_load(l + i), m);
    }
    if (i < k) {
        m = v_max(v_load_part(l + i, k - i, -INFINITY), m);
    }
    const double top = v_top(m);
    return top == -INFINITY ? 0.0 : top;
}

INLINE double group_sum(size_t k, const double *l, double shift)
{
    vd a = v_set(0.0), b = a;
    size_t i = 0;
    for (; i + 2 * VN <= k; i += 2 * VN) {
        a = a + v_exp_falling(v_load(l + i) - shift);
        b = b + v_exp_falling(v_load(l + i + VN) - shift);
    }
    if (i + VN <= k) {
        a = a + v_exp_falling(v_load(l + i) - shift);
        i += VN;
    }
    if (i < k) {
        b = b + v_exp_falling(v_load_part(l + i, k - i, -INFINITY) - shift);
    }
    return v_sum(a + b);
}

/* Groups of fewer than this many go a lane a group. */
enum { FEW = 2 * VN };

INLINE vd column(size_t m, size_t k, const double *l)
{
    double part[VN] = { 0 };
    if (m == VN) {
        return v_stride(l, k);
    }
    for (size_t g = 0; g < m; g++) {
        part[g] = l[g * k];
    }
    return v_load(part);
}

INLINE vd small_groups(size_t m, size_t k, const double *l)
{
    vd x[FEW], top = v_set(-INFINITY), sum = v_set(0.0);
    for (size_t i = 0; i < k; i++) {
        x[i] = column(m, k, l + i);
        top = v_max(x[i], top);
    }
    top = v_select(v_eq(top, v_set(-INFINITY)), v_set(0.0), top);
    for (size_t i = 0; i < k; i++) {
        sum = sum + v_exp_falling(x[i] - top);
    }
    return top + v_log(sum / (double)k);
}

INLINE vd large_groups(size_t m, size_t k, const double *l)
{
    double shift[VN] = { 0 }, sum[VN];
    for (size_t g = 0; g < VN; g++) {
        sum[g] = 1.0;
    }
    for (size_t g = 0; g < m; g++) {
        shift[g] = group_shift(k, l + g * k);
    }
    for (size_t g = 0; g < m; g++) {
        sum[g] = group_sum(k, l + g * k, shift[g]);
    }
    return v_load(shift) + v_log(v_load(sum) / (double)k);
}

void JN_K(group_lme)(size_t groups, size_t k, const double *l, double *out)
{
    for (size_t g = 0; g < groups; g += VN) {
        const size_t m = groups - g < VN ? groups - g : VN;
        const vd v = k < FEW ? small_groups(m, k, l + g * k) : large_groups(m, k, l + g * k);
        v_store_n(out + g, v, m);
    }
}

INLINE double group_total(size_t k, const double *x)
{
    vd a = v_set(0.0), b = a;
    size_t i = 0;
    for (; i + 2 * VN <= k; i += 2 * VN) {
        a = a + v_load(x + i);
        b = b + v_load(x + i + VN);
    }
    for (; i < k; i += VN) {
        a = a + v_load_n(x + i, k - i);
    }
    return v_sum(a + b);
}

void JN_K(group_means)(size_t groups, size_t k, const double *x, double *out)
{
    for (size_t g = 0; g < groups; g += VN) {
        const size_t m = groups - g < VN ? groups - g : VN;
        if (k < FEW) {
            vd sum = v_set(0.0);
            for (size_t i = 0; i < k; i++) {
                sum = sum + column(m, k, x + g * k + i);
            }
            v_store_n(out + g, sum / (double)k, m);
        } else {
            for (size_t i = 0; i < m; i++) {
                out[g + i] = group_total(k, x + (g + i) * k) / (double)k;
            }
        }
    }
}

enum { PAIR = 2 };

INLINE void some_pairs(int m, const double *x, const double *y, vd x0, vd y0, vd sum[5][PAIR])
{
    UNROLL for (int u = 0; u < m; u++)
    {
        const vd dx = v_load(x + u * VN) - x0, dy = v_load(y + u * VN) - y0;
        sum[0][u] = sum[0][u] + dx;
        sum[1][u] = sum[1][u] + dy;
        sum[2][u] = v_fma(dx, dx, sum[2][u]);
        sum[3][u] = v_fma(dx, dy, sum[3][u]);
        sum[4][u] = v_fma(dy, dy, sum[4][u]);
    }
}

/* Lanes of even and of odd number hold the sums of either fold. */
void JN_K(control)(size_t n, const double *x, const double *y, double out[2][5])
{
    vd sum[5][PAIR], x0, y0;
    for (int j = 0; j < 5; j++) {
        sum[j][0] = sum[j][1] = v_set(0.0);
    }
    for (int i = 0; i < VN; i++) {
        x0[i] = n > 0 ? x[n > 1 ? i % 2 : 0] : 0.0;
        y0[i] = n > 0 ? y[n > 1 ? i % 2 : 0] : 0.0;
    }
    size_t i = 0;
    for (; i + PAIR * VN <= n; i += PAIR * VN) {
        some_pairs(PAIR, x + i, y + i, x0, y0, sum);
    }
    for (; i + VN <= n; i += VN) {
        some_pairs(1, x + i, y + i, x0, y0, sum);
    }
    for (int j = 0; j < 5; j++) {
        const vd both = sum[j][0] + sum[j][1];
        out[0][j] = out[1][j] = 0.0;
        for (int lane = 0; lane < VN; lane++) {
            out[lane % 2][j] += both[lane];
        }
    }
    for (; i < n; i++) {
        const double dx = x[i] - x[i % 2], dy = y[i] - y[i % 2];
        double *o = out[i % 2];
        o[0] += dx;
        o[1] += dy;
        o[2] += dx * dx;
        o[3] += dx * dy;
        o[4] += dy * dy;
    }
}
