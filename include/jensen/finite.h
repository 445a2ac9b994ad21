/* Is a functional of the log-weights finite? A rule or a sample returns a calm finite number for
 * an infinite moment, so it is asked before one is printed. */
#ifndef JENSEN_FINITE_H
#define JENSEN_FINITE_H

#include "jensen/proposal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jn_finite { JN_FINITE, JN_INFINITE, JN_FINITE_UNKNOWN } jn_finite;

typedef struct jn_verdict {
    jn_finite finite;
    char reason[200]; /* one line; for INFINITE it names the direction */
} jn_verdict;

/* E_q W^n, W = p(x, z) / (q(z|x) p(x)), for real n (n > 1, or n < 0), for observation `row`.
 *
 * Known for: q = posterior; discrete z; q = prior by the model; Gaussian q against a target whose
 * fall-off is known: with -2 log p(x, u) = u'Tu + O(|u|) and -2 log q(u) = u'Pu + O(|u|), the
 * integrand q W^n falls like exp(-u'(nT - (n - 1)P)u / 2), finite where that matrix is positive
 * definite and infinite where an eigenvalue is negative, along its eigenvector. For n < 0 it takes
 * a T that holds along every ray (jn_density.tail_everywhere) to say that it is finite. */
JN_API JN_CHECKED jn_status jn_finite_moment(const jn_proposal *q, size_t row, double n,
                                             jn_verdict *out);

/* The negative part of log R under q, R the mean of k weights (k = 1: of l; the ELBO). */
JN_API JN_CHECKED jn_status jn_finite_log(const jn_proposal *q, size_t row, double k,
                                          jn_verdict *out);

/* E_q W |log W|: the EUBO, and all U_K. */
JN_API JN_CHECKED jn_status jn_finite_entropy(const jn_proposal *q, size_t row, jn_verdict *out);

#ifdef __cplusplus
}
#endif
#endif
