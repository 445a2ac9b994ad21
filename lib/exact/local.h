/* Rules that work in charts, and the sum over modes that makes them answers. Internal. */
#ifndef JN_EXACT_LOCAL_H
#define JN_EXACT_LOCAL_H

#include "exact/chart.h"

/* A rule's answer in one chart. */
typedef struct jn_local {
    double value; /* log of the integral; NaN: none */
    double error; /* relative; NaN: not known */
    uint64_t n_eval;
} jn_local;

/* What a relative error of an integral is in its log. Infinite from 1/4 on: a rule that may be off
 * by a quarter of what it found has not found its integrand, and its differences bound nothing. */
double jn_local_log_error(double relative);

/* Integrates a chart's integrand. JN_OK: the error meets the tolerance, relative; the rule may
 * widen the chart's box. JN_NOT_CONVERGED: *out is the best there is. */
typedef jn_status jn_local_rule(jn_chart *f, const jn_exact_options *o, double tolerance,
                                jn_local *out);

jn_local_rule jn_trapezoid, jn_gauss_hermite, jn_cubature;

/* A rule over the charts of all modes of a row, or over one chart that covers them (`whole`). */
JN_CHECKED jn_status jn_local_sum(const jn_model *m, size_t row, const jn_exact_options *o,
                                  jn_local_rule *rule, bool whole, const char *method,
                                  jn_estimate *out, jn_error *err);

#endif
