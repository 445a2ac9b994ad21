/* Inverse of the normal distribution function: M. J. Wichura, "Algorithm AS 241: the percentage
 * points of the normal distribution", Applied Statistics 37 (1988), 477-484 (PPND16). */
#include "kernel/elementary.h"
#include "kernel/isa.h"

typedef struct ratio {
    double top[8], bottom[8];
} ratio;

/* |u - 1/2| <= 0.425, in 0.425^2 - (u - 1/2)^2 */
static const ratio CENTRE = {
    { 3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
      1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
      3.3430575583588128105e+4, 2.5090809287301226727e+3 },
    { 1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
      2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
      5.2264952788528545610e+3 },
};
/* r = sqrt(-log p) <= 5, p the smaller tail, in r - 1.6 */
static const ratio TAIL = {
    { 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
      3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
      2.27238449892691845833e-2, 7.74545014278341407640e-4 },
    { 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
      1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
      1.05075007164441684324e-9 },
};
/* beyond, in r - 5 */
static const ratio FAR = {
    { 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
      2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
      2.71155556874348757815e-5, 2.01033439929228813265e-7 },
    { 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
      7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
      2.04426310338993978564e-15 },
};

INLINE vd ratio_at(const ratio *c, vd x)
{
    vd top = v_set(c->top[7]), bottom = v_set(c->bottom[7]);
    for (int i = 6; i >= 0; i--) {
        top = v_fma(top, x, v_set(c->top[i]));
        bottom = v_fma(bottom, x, v_set(c->bottom[i]));
    }
    return top / bottom;
}

/* p the smaller tail; gives |z| */
INLINE vd outside(vd p)
{
    const vd r = v_sqrt(-v_log(p));
    const vm far = v_lt(v_set(5.0), r);
    const vd z = ratio_at(&TAIL, r - 1.6);
    return m_any(far) ? v_select(far, ratio_at(&FAR, r - 5.0), z) : z;
}

INLINE vd v_quantile(vd u)
{
    const vd q = u - 0.5, away = v_abs(q);
    const vd z = q * ratio_at(&CENTRE, v_fnma(q, q, v_set(0.425 * 0.425)));
    const vm tail = v_lt(v_set(0.425), away);
    if (!m_any(tail)) {
        return z;
    }
    const vd p = v_min(u, 1.0 - u), size = outside(p); /* 1 - u is exact here */
    const vd ends = v_select(v_eq(p, v_set(0.0)), v_set(INFINITY), size);
    return v_select(tail, v_select(v_lt(q, v_set(0.0)), -ends, ends), z);
}

void JN_K(quantile)(size_t n, const double *x, double *out)
{
    size_t i = 0;
    for (; i + VN <= n; i += VN) {
        v_store(out + i, v_quantile(v_load(x + i)));
    }
    if (i < n) {
        v_store_part(out + i, v_quantile(v_load_part(x + i, n - i, 0.5)), n - i);
    }
}
