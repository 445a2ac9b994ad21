/* A number never travels without its error and its cost. */
#ifndef JENSEN_ESTIMATE_H
#define JENSEN_ESTIMATE_H

#include <stdint.h>

#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What `error` means:
 *   EXACT       closed form or finite sum: a bound on rounding
 *   QUADRATURE  an estimate of the error of a deterministic rule, from two or more resolutions
 *   MC, RQMC    one standard error from independent replicates, with `dof` degrees of freedom */
typedef enum jn_error_kind { JN_EXACT, JN_QUADRATURE, JN_MC, JN_RQMC } jn_error_kind;

JN_API const char *jn_error_kind_name(jn_error_kind kind);

typedef struct jn_estimate {
    double value; /* nats; NaN: not known */
    double error; /* >= 0; NaN: not known, never a made-up 0 */
    double dof;   /* degrees of freedom of a standard error; NaN where error is not one */
    jn_error_kind kind;
    const char *method; /* static text, e.g. "closed form"; NULL: none */
    uint64_t n_eval;    /* latent points at which the model was evaluated */
} jn_estimate;

/* Sum of estimates of independent quantities: standard errors add in quadrature (the degrees of
 * freedom by Welch and Satterthwaite), bounds and quadrature errors add linearly. The kind of the
 * sum is the weakest of the two (mc over rqmc over quadrature over exact). */
JN_API jn_estimate jn_estimate_add(jn_estimate a, jn_estimate b);

/* 0 with no error: the start of a sum. */
JN_API jn_estimate jn_estimate_zero(void);

#ifdef __cplusplus
}
#endif
#endif
