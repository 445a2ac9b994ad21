/* Does E_q h(l) diverge? Asked of the integrand itself, far out on rays. Internal. */
#ifndef JN_PROPOSAL_RAYS_H
#define JN_PROPOSAL_RAYS_H

#include "jensen/finite.h"

typedef enum jn_rays_of {
    JN_RAYS_MOMENT, /* h = e^(n l) */
    JN_RAYS_LOG,    /* h = the negative part of the log of the mean of n weights */
    JN_RAYS_ENTROPY /* h = |l| e^l */
} jn_rays_of;

/* q draws z from base points, standard normal and uniform ones: in the base space it is white, and
 * a ridge of the prior (theta = mu + tau e) is straight. The integrand is followed along rays
 * through the normal coordinates, radii log-spaced to 10^6, and of each uniform coordinate towards
 * both its ends. A ray is infinite where the integrand falls too slowly over its last steps;
 * INFINITE is said where a cone of neighbours agrees (for a uniform coordinate: every setting of
 * the others), and names the direction in z. FINITE is said only where rays are all there is: one
 * base coordinate, or a log-concave joint under a Gaussian q. Else UNKNOWN: ridges may curve.
 * Continuous latents. */
JN_CHECKED jn_status jn_rays_ask(const jn_proposal *q, size_t row, jn_rays_of what, double n,
                                 jn_verdict *out);

#endif
