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
MAP(softplus, v_softplus)
