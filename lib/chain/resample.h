/* Choosing particles again. Internal. */
#ifndef JN_CHAIN_RESAMPLE_H
#define JN_CHAIN_RESAMPLE_H

#include "jensen/source.h"

/* ancestor[k], k < n: non-decreasing indices, i coming n w_i / sum w times on average; w >= 0 with
 * a positive sum; particles of weight 0 never come. u: uniforms in (0, 1), one (systematic), n
 * (stratified) or n + 1 (multinomial). ancestor has room for n + 1; work for n + 1. */
void jn_resample(jn_resampling how, size_t n, const double *w, const double *u, double *work,
                 uint32_t *ancestor);

/* Uniforms that jn_resample takes. */
size_t jn_resample_uniforms(jn_resampling how, size_t n);

#endif
