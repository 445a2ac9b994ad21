/* Elementary functions of an array. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

#define MAP(name, f)                                                         \
    void JN_K(name)(size_t n, const double *x, double *out)                  \
    {                                                                        \
        size_t i = 0;                                                        \
        for (; i + VN <= n; i += VN) {                                       \
            v_store(out + i, f(v_load(x + i)));                              \
        }                                                                    \
        if (i < n) {                                                         \
            v_store_part(out + i, f(v_load_part(x + i, n - i, 0.5)), n - i); \
        }                                                                    \
    }

MAP(exp, v_exp)
MAP(log, v_log)
MAP(log1p, v_log1p)
MAP(expm1, v_expm1)
MAP(tanh, v_tanh)
MAP(sigmoid, v_sigmoid)

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), in two passes over a piece: two short chains of
 * operations overlap better than one long one. */
enum { PIECE = 256 };

INLINE vd v_fall(vd x)
{
    return v_exp(-v_abs(x)); /* the whole way down: softplus has the digits of e^x there */
}

INLINE vd v_rise(vd x, vd w)
{
    return v_max(v_set(0.0), x) + v_log1p_unit(w);
}

void JN_K(softplus)(size_t n, const double *x, double *out)
{
    double w[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t m = n - at < PIECE ? n - at : PIECE;
        const double *from = x + at;
        double *to = out + at;
        size_t i = 0;
        for (; i + VN <= m; i += VN) {
            v_store(w + i, v_fall(v_load(from + i)));
        }
        if (i < m) {
            v_store(w + i, v_fall(v_load_part(from + i, m - i, 0.0)));
        }
        for (i = 0; i + VN <= m; i += VN) {
            v_store(to + i, v_rise(v_load(from + i), v_load(w + i)));
        }
        if (i < m) {
            v_store_part(to + i, v_rise(v_load_part(from + i, m - i, 0.0), v_load(w + i)), m - i);
        }
    }
}
