/* Curves over a grid of a model's parameters: log L(theta | x) and bounds of it. */
#ifndef JN_TOOLS_CURVES_H
#define JN_TOOLS_CURVES_H

#include "gap_setup.h"
#include "sweep.h"

enum { JN_CURVE_NAME = 80 };

/* Points at which a job was weaker than asked or had to draw: how many, the first, and why. */
typedef struct jn_curves_weak {
    size_t n, point;
    char why[JN_ERROR_TEXT];
} jn_curves_weak;

typedef struct jn_curves {
    size_t n_sweeps;
    jn_sweep sweep[2];
    size_t n_points; /* the last sweep runs fastest */
    size_t n_curves; /* the exact one first */
    char (*name)[JN_CURVE_NAME];
    double *value, *error;  /* n_points x n_curves; NaN: not known */
    jn_curves_weak weak[2]; /* with q held fixed, and refitted */
} jn_curves;

/* Values of the swept parameters at a grid point. */
double jn_curves_theta(const jn_curves *c, size_t point, size_t sweep);

/* With q fixed at the parameters of --set; a q that is made from the model (laplace, posterior,
 * prior, conditional) is refitted at every point, too. Positive: the weakest status of the points.
 * Free with jn_curves_free, also after an error. */
JN_CHECKED jn_status jn_curves_make(const char *model, const jn_gap_args *a, size_t n_bounds,
                                    const jn_bound_arg *bounds, const jn_gap_options *o,
                                    jn_curves *out, jn_error *err);
void jn_curves_free(jn_curves *c);

/* Where curve k is highest: the grid point, theta there with a parabola through its neighbours on
 * each axis (the grid's own value at its ends), and the value at the grid point: a parabola's over
 * a coarse grid may be further off than that. false: nowhere finite. */
typedef struct jn_peak {
    size_t point;
    double theta[2], value;
    bool border[2]; /* at an end of that sweep: the curve may well rise beyond it */
} jn_peak;
bool jn_curves_peak(const jn_curves *c, size_t k, jn_peak *out);

#endif
