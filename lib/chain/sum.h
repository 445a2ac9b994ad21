/* Long sums with the rounding of one addition (Neumaier 1974). Internal. */
#ifndef JN_CHAIN_SUM_H
#define JN_CHAIN_SUM_H

#include <math.h>

typedef struct jn_sum {
    double value, lost;
} jn_sum;

static inline void jn_sum_add(jn_sum *s, double x)
{
    const double t = s->value + x;
    s->lost += fabs(s->value) >= fabs(x) ? (s->value - t) + x : (x - t) + s->value;
    s->value = t;
}

static inline double jn_sum_total(const jn_sum *s)
{
    return s->value + s->lost;
}

#endif
