#include <string.h>

#include "jensen/bound.h"

static const jn_bound *const bounds[] = { &jn_bound_elbo, &jn_bound_iwae };

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
    static const char *const names[] = { "law", "groups" };
    return (unsigned)e < 2 ? names[e] : "unknown";
}
