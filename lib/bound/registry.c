#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "jensen/bound.h"

static const jn_bound *const bounds[] = { &jn_bound_elbo, &jn_bound_iwae, &jn_bound_vr,
                                          &jn_bound_cubo, &jn_bound_eubo, &jn_bound_upper,
                                          &jn_bound_tvo,  &jn_bound_jvi,  &jn_bound_fivo,
                                          &jn_bound_ais };

const jn_bound *const *jn_bounds(size_t *n)
{
    *n = sizeof bounds / sizeof bounds[0];
    return bounds;
}

const jn_bound *jn_bound_find(const char *name)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (strcmp(bounds[i]->name, name) == 0) {
            return bounds[i];
        }
    }
    return NULL;
}

const char *jn_side_name(jn_side side)
{
    static const char *const names[] = { "lower", "upper", "none" };
    return (unsigned)side < 3 ? names[side] : "none";
}

const char *jn_estimator_name(jn_estimator e)
{
    static const char *const names[] = { "law",       "groups", "self-normalised",
                                         "posterior", "ustat",  "posterior-law" };
    return (unsigned)e < sizeof names / sizeof *names ? names[e] : "unknown";
}

const char *jn_bound_title(const jn_bound_arg *arg, char buf[JN_BOUND_LABEL])
{
    char number[JN_NUMBER_TEXT] = "";
    const jn_bound_number kind = arg->bound->number;
    if (kind != JN_BOUND_PLAIN) {
        const double x = kind == JN_BOUND_ALPHA    ? arg->alpha
                         : kind == JN_BOUND_N      ? arg->n
                         : kind == JN_BOUND_POINTS ? arg->points
                                                   : arg->order;
        (void)jn_number_text(x, number);
    }
    const char *sum = !arg->bound->two_sided    ? ""
                      : kind == JN_BOUND_POINTS ? arg->right ? " right" : " left"
                      : arg->right              ? " reverse"
                                                : "";
    (void)snprintf(buf, JN_BOUND_LABEL, "%s%s%s%s", arg->bound->name,
                   kind == JN_BOUND_PLAIN ? "" : ":", number, sum);
    return buf;
}

const char *jn_bound_label(const jn_bound_arg *arg, char buf[JN_BOUND_LABEL])
{
    (void)jn_bound_title(arg, buf);
    if (arg->bound->takes_k) {
        const size_t used = strlen(buf);
        (void)snprintf(buf + used, JN_BOUND_LABEL - used, "-%llu", (unsigned long long)arg->k);
    }
    return buf;
}
