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
