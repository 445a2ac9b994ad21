/* Coordinates s in which a posterior is about one wide and dies out within a box: u = mode + L t
 * with L L' the covariance about a mode, t_a = s_a, or sinh s_a on an axis along which the joint
 * dies out slowly. Internal. */
#ifndef JN_EXACT_CHART_H
#define JN_EXACT_CHART_H

#include "jensen/exact.h"
#include "jensen/target.h"
#include "target/panel.h"

enum { JN_CHART_DIM = 8, JN_CHART_BLOCK = 512 };

/* Scratch of jn_chart_log. */
#define JN_CHART_SCRATCH(dim) ((2 * (dim) + 2) * JN_CHART_BLOCK)

typedef struct jn_chart {
    const jn_model *m;
    size_t row, dim;
    const jn_modes *modes;
    size_t which; /* the mode at the centre */
    bool shared;  /* the integrand is the mode's share of the joint, not the whole */
    bool stretched[JN_CHART_DIM];
    bool shoulder; /* beyond the plain looks there may be more than below them: all is stretched */
    bool heavy; /* along some axis the joint falls too slowly for its square over that of a Student
                   density with 2 degrees of freedom to be integrable, as far as was looked */
    double lo[JN_CHART_DIM], hi[JN_CHART_DIM]; /* where the integrand is `depth` below its top */
    double depth;                              /* nats */
    double top;      /* the highest value of the log integrand that was seen */
    double rounding; /* of the nodes' places: relative error of the integral */
    uint64_t n_eval;
} jn_chart;

/* Modes of a row for rules that place nodes. Where no Gaussian fits a maximum (a kink, a flat top)
 * a simplex search finds the highest point and its widths along the axes. n_modes of such a mode is
 * 0.
 */
JN_CHECKED jn_status jn_chart_modes(const jn_model *m, size_t row, jn_modes *out, jn_error *err);

/* A chart about mode `which`, its box found by looking along the axes. With several modes and
 * `shared` the joint is multiplied by the weight of the mode's Gaussian among all of them, so that
 * the integrals over the charts of all modes add up to the whole. */
JN_CHECKED jn_status jn_chart_make(const jn_model *m, size_t row, const jn_modes *modes,
                                   size_t which, bool shared, double tolerance, jn_chart *out);

/* Widens the box of a chart that is not shared until it covers the other modes. */
void jn_chart_cover(jn_chart *f);

/* What the coordinate of a one-dimensional chart is. */
jn_axis_of jn_chart_axis(const jn_chart *f);

/* log of the integrand over s, every Jacobian included, at n <= JN_CHART_BLOCK points: s is dim
 * rows of JN_CHART_BLOCK. JN_ERR_NAN: a density is NaN or +inf. */
JN_CHECKED jn_status jn_chart_log(const jn_chart *f, size_t n, const double *s, double *scratch,
                                  double *out);

#endif
