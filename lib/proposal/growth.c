#include "proposal/growth.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/target.h"

enum { LOOKS = 4 };
static const double FIRST = 200.0, STEP = 100.0;
/* Of log(-log p) in u: a power of u, up to the tenth, has less at 200. */
static const double LEAST_SLOPE = 0.05;

/* -log p at the looks from u along one axis; u is spoilt there. */
static jn_status look(const jn_model *m, size_t row, double *u, size_t axis, double direction,
                      double *scratch, double *out)
{
    const double middle = u[axis];
    jn_status st = JN_OK;
    for (size_t i = 0; i < LOOKS && st == JN_OK; i++) {
        u[axis] = middle + direction * (FIRST + STEP * (double)i);
        st = jn_target_log_joint(m, row, 1, 1, u, scratch, &out[i]);
        out[i] = -out[i];
    }
    u[axis] = middle;
    return st;
}

static bool is_exponential(const double *minus_log)
{
    for (size_t i = 1; i < LOOKS; i++) {
        const double before = minus_log[i - 1], now = minus_log[i];
        if (!(before > 0.0) || !(now == INFINITY || log(now / before) > LEAST_SLOPE * STEP)) {
            return false;
        }
    }
    return true;
}

jn_status jn_growth_ask(const jn_proposal *q, size_t row, bool *grows, size_t *axis)
{
    const jn_model *m = q->model;
    const size_t d = m->dim;
    double minus_log[LOOKS], *u = jn_alloc_doubles(d * d + 3 * d + 2);
    double *chol = u + d, *scratch = chol + d * d;
    if (u == NULL) {
        return JN_ERR_NOMEM;
    }
    if (q->ops->location == NULL || q->ops->location(q->self, row, u, chol) != JN_OK) {
        memset(u, 0, d * sizeof *u);
    }
    *grows = false;
    jn_status st = JN_OK;
    for (size_t j = 0; j < 2 * d && !*grows && st != JN_ERR_NOMEM; j++) {
        st = look(m, row, u, j / 2, j % 2 == 0 ? 1.0 : -1.0, scratch, minus_log);
        *grows = st == JN_OK && is_exponential(minus_log);
        *axis = j / 2;
    }
    free(u);
    return st == JN_ERR_NOMEM ? st : JN_OK; /* a density that refuses tells nothing */
}
