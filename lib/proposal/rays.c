#include "proposal/rays.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/random.h"

enum {
    POINTS = 24,    /* on a ray */
    RANDOM = 32,    /* directions at random */
    AXES = 64,      /* at most so many coordinates get rays of their own */
    NEIGHBOURS = 6, /* of a direction that diverges: the cone */
    CLIMBS = 48,    /* steps from the worst direction towards a worse one */
    SETTINGS = 8,   /* of the other coordinates, for an end of a uniform one */
    LAST = 3,       /* steps that decide */
    NAMED = 6       /* coordinates of a direction in the text */
};
static const double REACH = 1e6;  /* the last radius */
static const double LEAST = 20.0; /* an earlier end of the doubles than this tells nothing */
static const double CLEAR = 0.02; /* of a slope: nearer to the border is not clear */

typedef enum fate { FINITE, INFINITE, UNCLEAR } fate;

typedef struct rays {
    const jn_proposal *q;
    size_t row, dim, n_base, n_normal;
    jn_rays_of what;
    double n;
    size_t *normal;                                 /* indices of normal base coordinates */
    double *base, *z, *log_q, *log_lik, *log_prior; /* POINTS wide */
    double *chance;                                 /* n_base: where the others stand */
    double *direction, *trial, *worst;              /* n_normal */
    double x[POINTS], log_f[POINTS];                /* a ray: log r, or -log distance; log of f */
    double from[NAMED], to[NAMED];                  /* z at its first and last point */
    uint64_t drawn;
} rays;

static jn_status rays_new(const jn_proposal *q, size_t row, rays *a)
{
    const size_t dim = q->model->dim;
    *a = (rays){ .q = q, .row = row, .dim = dim };
    a->n_base = jn_proposal_n_base(q);
    a->normal = jn_alloc(a->n_base, sizeof *a->normal);
    a->base = jn_alloc_doubles((a->n_base + dim + 3) * POINTS + 4 * a->n_base);
    if (a->normal == NULL || a->base == NULL) {
        free(a->normal);
        free(a->base);
        return JN_ERR_NOMEM;
    }
    a->z = a->base + a->n_base * POINTS;
    a->log_q = a->z + dim * POINTS;
    a->log_lik = a->log_q + POINTS;
    a->log_prior = a->log_lik + POINTS;
    a->chance = a->log_prior + POINTS;
    a->direction = a->chance + a->n_base;
    a->trial = a->direction + a->n_base;
    a->worst = a->trial + a->n_base;
    for (size_t j = 0; j < a->n_base; j++) {
        if (jn_proposal_base(a->q, j) == JN_BASE_NORMAL) {
            a->normal[a->n_normal++] = j;
        }
    }
    return JN_OK;
}

static void rays_free(rays *a)
{
    free(a->normal);
    free(a->base);
}

/* The next numbers of the stream, one a coordinate. */
static void draw(rays *a, bool normal, size_t n, double *out)
{
    const jn_stream s = { .observation = (uint32_t)a->row, .purpose = JN_FOR_RAYS };
    const uint64_t index = a->drawn++;
    for (size_t j = 0; j < n; j++) {
        if (normal) {
            jn_normal_fill(&s, index, 1, (uint32_t)j, &out[j]);
        } else {
            jn_uniform_fill(&s, index, 1, (uint32_t)j, &out[j]);
        }
    }
}

/* Where the coordinates that no ray moves stand: central values of either kind. */
static void settle(rays *a)
{
    draw(a, false, a->n_base, a->chance);
    for (size_t j = 0; j < a->n_base; j++) {
        a->chance[j] = 0.1 + 0.8 * a->chance[j];
        if (jn_proposal_base(a->q, j) == JN_BASE_NORMAL) {
            a->chance[j] = a->chance[j] < 0.5 ? a->chance[j] - 1.1 : a->chance[j] + 0.1;
        }
    }
    for (size_t j = 0; j < a->n_base; j++) {
        for (size_t i = 0; i < POINTS; i++) {
            a->base[j * POINTS + i] = a->chance[j];
        }
    }
}

static bool at_the_end_of_doubles(const rays *a, size_t i)
{
    for (size_t j = 0; j < a->dim; j++) {
        const double z = a->z[j * POINTS + i];
        const jn_support kind = jn_model_support(a->q->model, j);
        if (!(fabs(z) < 1e300) || (kind != JN_REAL && fabs(z) < 1e-300) ||
            (kind == JN_UNIT && 1.0 - z < 1e-14)) {
            return true;
        }
    }
    return false;
}

/* log h(l) */
static double log_h(const rays *a, double l)
{
    switch (a->what) {
    case JN_RAYS_MOMENT:
        return a->n * l;
    case JN_RAYS_LOG:
        return l < 0.0 ? log(-l) : -INFINITY;
    case JN_RAYS_ENTROPY:
    default:
        return l == -INFINITY ? -INFINITY : l + log(fabs(l));
    }
}

/* l at the base points; how many of the first are good. log_base: of the density of the base. */
static jn_status follow(rays *a, const double *log_base, size_t *good)
{
    const jn_model *m = a->q->model;
    jn_status st = a->q->ops->map(a->q->self, a->row, POINTS, POINTS, a->base, a->z, a->log_q);
    st = st == JN_OK ? m->density->log_likelihood(m->self, (jn_range){ a->row, 1 }, POINTS, POINTS,
                                                  a->z, POINTS, a->log_lik)
                     : st;
    st = st == JN_OK ? m->density->log_prior(m->self, POINTS, POINTS, a->z, a->log_prior) : st;
    const double k = a->what == JN_RAYS_LOG ? a->n : 1.0; /* k draws must all be out there */
    for (*good = 0; st == JN_OK && *good < POINTS; ++*good) {
        const size_t i = *good;
        const double ratio = a->q->is_prior ? 0.0 : a->log_prior[i] - a->log_q[i];
        const double l = a->log_lik[i] + ratio;
        if (!isfinite(a->log_q[i]) || !(l < INFINITY) || at_the_end_of_doubles(a, i)) {
            break;
        }
        a->log_f[i] = k * log_base[i] + log_h(a, l);
    }
    for (size_t j = 0; j < a->dim && j < NAMED; j++) {
        a->from[j] = a->z[j * POINTS];
        a->to[j] = *good > 0 ? a->z[j * POINTS + *good - 1] : NAN;
    }
    return st == JN_ERR_NOMEM ? st : JN_OK; /* a density that refuses ends the ray */
}

/* Does f, in the variable x, fall faster than e^(border x) over the last steps? */
static fate fate_of(const rays *a, size_t good, double border)
{
    size_t finite = 0, infinite = 0;
    if (good < LAST + 4) {
        return UNCLEAR;
    }
    for (size_t i = good - LAST; i < good; i++) {
        const double slope = (a->log_f[i] - a->log_f[i - 1]) / (a->x[i] - a->x[i - 1]) - border;
        const bool nothing = a->log_f[i] == -INFINITY, all = a->log_f[i] == INFINITY;
        finite += nothing || (!all && slope < -CLEAR);
        infinite += all || (!nothing && slope > CLEAR);
    }
    return finite == LAST ? FINITE : infinite == LAST ? INFINITE : UNCLEAR;
}

/* Radii from far / 10^3 to far, far = REACH or where doubles end. */
static jn_status normal_ray(rays *a, const double *v, fate *out, double *height)
{
    double far = REACH, log_base[POINTS];
    size_t good = 0;
    jn_status st = JN_OK;
    for (int turn = 0; st == JN_OK && turn < 2 && good < POINTS; turn++) {
        far = turn == 0 || good == 0 ? far : exp(a->x[good - 1]);
        for (size_t i = 0; i < POINTS; i++) {
            const double r = far * pow(1e-3, 1.0 - (double)i / (POINTS - 1));
            a->x[i] = log(r);
            log_base[i] = -0.5 * r * r;
            for (size_t j = 0; j < a->n_normal; j++) {
                a->base[a->normal[j] * POINTS + i] = r * v[j];
            }
        }
        st = follow(a, log_base, &good);
    }
    /* the shell at r has r^(n - 1) of the space */
    *out = far < LEAST ? UNCLEAR : fate_of(a, good, -(double)a->n_normal);
    *height = good > 0 ? a->log_f[good - 1] / (far * far) : -INFINITY;
    return st;
}

/* Uniform coordinate c towards 0 or 1, e^-t away from it. Near 1 doubles end at e^-36. */
static jn_status border_ray(rays *a, size_t c, bool upper, fate *out)
{
    const double most = upper ? 34.0 : 300.0;
    double log_base[POINTS];
    size_t good = 0;
    for (size_t i = 0; i < POINTS; i++) {
        const double t = most * (0.3 + 0.7 * (double)i / (POINTS - 1));
        a->x[i] = t;
        log_base[i] = -t;
        a->base[c * POINTS + i] = upper ? 1.0 - exp(-t) : exp(-t);
    }
    const jn_status st = follow(a, log_base, &good);
    *out = fate_of(a, good, 0.0);
    return st;
}

static void normalise(size_t n, double *v)
{
    double norm = 0.0;
    for (size_t j = 0; j < n; j++) {
        norm += v[j] * v[j];
    }
    for (size_t j = 0; j < n; j++) {
        v[j] /= sqrt(norm);
    }
}

/* base + size * a random direction, onto the sphere. */
static void near_to(rays *a, const double *v, double size, double *out)
{
    draw(a, true, a->n_normal, out);
    for (size_t j = 0; j < a->n_normal; j++) {
        out[j] = v[j] + size * out[j] / sqrt((double)a->n_normal);
    }
    normalise(a->n_normal, out);
}

static void claim(const rays *a, jn_verdict *out)
{
    double span[NAMED], norm = 0.0;
    const size_t d = a->dim < NAMED ? a->dim : NAMED;
    for (size_t j = 0; j < d; j++) { /* halves: no overflow */
        span[j] = 0.5 * a->to[j] - 0.5 * a->from[j];
        norm = fmax(norm, fabs(span[j]));
    }
    char what[64] = "E W |log W| is infinite";
    if (a->what == JN_RAYS_MOMENT) {
        (void)snprintf(what, sizeof what, "E W^%g is infinite", a->n);
    } else if (a->what == JN_RAYS_LOG) {
        (void)snprintf(what, sizeof what,
                       a->n > 1.0 ? "E log of the mean of %g weights is -inf" : "E log w is -inf",
                       a->n);
    }
    int used = snprintf(out->reason, sizeof out->reason,
                        "%s: rays of q do not fall off along z = (", what);
    for (size_t j = 0; j < d && used > 0 && (size_t)used < sizeof out->reason; j++) {
        used += snprintf(out->reason + used, sizeof out->reason - (size_t)used, "%s%.3g",
                         j == 0 ? "" : ", ", norm > 0.0 ? span[j] / norm : 0.0);
    }
    if (used > 0 && (size_t)used < sizeof out->reason) {
        (void)snprintf(out->reason + used, sizeof out->reason - (size_t)used, "%s)",
                       a->dim > d ? ", ..." : "");
    }
    out->finite = JN_INFINITE;
}

/* v diverges; do its neighbours? Ends on v's own ray, for its direction. */
static jn_status ask_cone(rays *a, const double *v, bool *agreed)
{
    jn_status st = JN_OK;
    fate f = INFINITE;
    double height;
    for (int i = 0; st == JN_OK && f == INFINITE && i < NEIGHBOURS && a->n_normal > 1; i++) {
        near_to(a, v, 0.05, a->trial);
        st = normal_ray(a, a->trial, &f, &height);
    }
    *agreed = f == INFINITE;
    return st == JN_OK ? normal_ray(a, v, &f, &height) : st;
}

/* Direction i of the first ones: along the axes, both ways, then at random. */
static void first_direction(rays *a, size_t i, size_t axes)
{
    if (i < 2 * axes) {
        memset(a->direction, 0, a->n_normal * sizeof *a->direction);
        a->direction[i / 2] = i % 2 == 0 ? 1.0 : -1.0;
    } else {
        draw(a, true, a->n_normal, a->direction);
        normalise(a->n_normal, a->direction);
    }
}

/* All rays through the normal coordinates; `calm` stays true where every one is finite. */
static jn_status ask_normals(rays *a, jn_verdict *out, bool *calm)
{
    const size_t axes = a->n_normal < AXES ? a->n_normal : AXES;
    const size_t first = 2 * axes + (a->n_normal > 1 ? RANDOM : 0);
    double top = -INFINITY;
    jn_status st = JN_OK;
    settle(a);
    for (size_t i = 0; st == JN_OK && i < first + (a->n_normal > 1 ? CLIMBS : 0); i++) {
        fate f;
        double height;
        if (i < first) {
            first_direction(a, i, axes);
        } else { /* ever nearer to the worst one so far */
            near_to(a, a->worst, 0.7 * pow(0.93, (double)(i - first)), a->direction);
        }
        st = normal_ray(a, a->direction, &f, &height);
        if (height > top || i == 0) {
            top = height;
            memcpy(a->worst, a->direction, a->n_normal * sizeof *a->worst);
        }
        *calm = *calm && f == FINITE;
        if (st == JN_OK && f == INFINITE) {
            bool agreed;
            st = ask_cone(a, a->direction, &agreed);
            if (st == JN_OK && agreed) {
                claim(a, out);
                return JN_OK;
            }
        }
    }
    return st;
}

/* Both ends of a uniform coordinate, whatever the others are. */
static jn_status ask_ends(rays *a, size_t c, jn_verdict *out, bool *calm)
{
    for (int upper = 0; upper < 2; upper++) {
        size_t infinite = 0;
        for (int i = 0; i < SETTINGS; i++) {
            fate f;
            settle(a);
            const jn_status st = border_ray(a, c, upper == 1, &f);
            if (st != JN_OK) {
                return st;
            }
            *calm = *calm && f == FINITE;
            infinite += f == INFINITE;
        }
        if (infinite == SETTINGS) {
            claim(a, out);
            return JN_OK;
        }
    }
    return JN_OK;
}

jn_status jn_rays_ask(const jn_proposal *q, size_t row, jn_rays_of what, double n, jn_verdict *out)
{
    rays a;
    jn_status st = rays_new(q, row, &a);
    if (st != JN_OK) {
        return st;
    }
    a.what = what;
    a.n = n;
    bool calm = true;
    jn_verdict v = { .finite = JN_FINITE_UNKNOWN };
    for (size_t j = 0; st == JN_OK && v.finite != JN_INFINITE && j < a.n_base && j < AXES; j++) {
        if (jn_proposal_base(q, j) != JN_BASE_NORMAL) {
            st = ask_ends(&a, j, &v, &calm);
        }
    }
    if (st == JN_OK && v.finite != JN_INFINITE && a.n_normal > 0) {
        st = ask_normals(&a, &v, &calm);
    }
    const bool all_there_is = a.n_base == 1 || (q->model->density->log_concave && q->is_gaussian);
    if (v.finite != JN_INFINITE) {
        v.finite = calm && all_there_is ? JN_FINITE : JN_FINITE_UNKNOWN;
        (void)snprintf(v.reason, sizeof v.reason, "%s",
                       !calm          ? "rays of q do not tell"
                       : all_there_is ? "the integrand falls off on every ray of q"
                                      : "no ray of q diverges, but ridges may curve");
    }
    rays_free(&a);
    if (st == JN_OK) {
        *out = v;
    }
    return st;
}
