/* phi(s) = E e^(-sW) where the integrals of the IWAE family need it. Internal. */
#ifndef JN_BOUND_LAPLACE_TABLE_H
#define JN_BOUND_LAPLACE_TABLE_H

#include <stddef.h>

#include "jensen/law.h"

/* Steps of the lattice, in u = log s: the trapezoid rule is off by about e^(-pi^2/step), nothing
 * for values and 7e-8 for the errors of values. */
#define JN_LAPLACE_STEP   0.2
#define JN_LAPLACE_COARSE 0.6

/* phi on an even lattice of u. Where no weight is between nothing and all at s W, phi is flat: a
 * stretch of `count` lattice points is one entry (`odd` of them at odd places), with u its middle.
 * So a law whose weights spread over thousands of nats costs what its nodes do. Start from zeros.
 */
typedef struct jn_laplace_table {
    double step;
    size_t n, capacity;
    double *u, *log_phi, *delta, *count, *odd;
} jn_laplace_table;

/* From where the integrand of the largest K begins (u = -log k_max - 22, or - 40 for heavy tails)
 * to where phi^K of the smallest K is gone: at the latest where s W is large for the smallest W of
 * the law. Where W = 0 has mass phi stays, and the table ends where it is flat. */
JN_CHECKED jn_status jn_laplace_tabulate(const jn_weight_law *w, double k_min, double k_max,
                                         double step, jn_laplace_table *t);
void jn_laplace_table_free(jn_laplace_table *t); /* also after an error */

#endif
