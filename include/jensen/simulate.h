/* Data drawn from a model: z from its prior, x given z. The z that x was drawn with is an exact
 * draw of the posterior p(z | x): what reverse chains of annealed importance sampling start from.
 */
#ifndef JENSEN_SIMULATE_H
#define JENSEN_SIMULATE_H

#include "jensen/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* n rows of data of the model `name`, with the columns that it reads. `params` as jn_model_new
 * takes them (networks resolved). `design`: covariates, exposures, trials, groups, standard errors,
 * where the model has such; its rows are the rows then, and n is 0. NULL: none.
 *
 * *x: the data; *z (NULL: not wanted): columns z1, z2, ..., a row a latent point: of observation
 * 0, 1, ...; of a chain its steps 0, 1, ... in order, observation after observation.
 *
 * The latent of observation r is made of the numbers (seed, JN_FOR_SIMULATION, observation 0,
 * replicate 0, index r, coordinate), t dim + j for a chain's step t; the cell in row r and drawn
 * column c of (..., replicate 1, index r, coordinate c).
 *
 * JN_ERR_USAGE: an unknown model or one without data, n and design both or neither given, a design
 * where the model takes none or without what it needs; JN_ERR_VALUE: bad parameters, a bad design,
 * or draws so extreme that the model does not read them back. */
JN_API JN_CHECKED jn_status jn_simulate(const char *name, const jn_params *params, size_t n,
                                        const jn_table *design, uint64_t seed, jn_table **x,
                                        jn_table **z, jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
