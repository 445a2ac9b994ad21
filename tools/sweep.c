#include "sweep.h"

#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "counts.h"

static jn_status malformed(const char *text, jn_error *err)
{
    char shown[JN_EXCERPT];
    return jn_error_set(err, JN_ERR_USAGE,
                        "--sweep: %s is not NAME=A:B:N (N values from A to B), such as "
                        "prior_sd=0.5:5:50",
                        jn_excerpt(text, shown));
}

jn_status jn_sweep_read(const char *text, jn_sweep *out, jn_error *err)
{
    const char *equals = strchr(text, '=');
    const char *first = equals == NULL ? NULL : strchr(equals, ':');
    const char *second = first == NULL ? NULL : strchr(first + 1, ':');
    const size_t length = equals == NULL ? 0 : (size_t)(equals - text);
    uint64_t n;
    jn_sweep s = { .n = 0 };
    if (second == NULL || length == 0 || length >= JN_SWEEP_NAME ||
        !jn_number_read(equals + 1, (size_t)(first - equals - 1), &s.from) ||
        !jn_number_read(first + 1, (size_t)(second - first - 1), &s.to)) {
        return malformed(text, err);
    }
    const jn_status st = jn_count_read(second + 1, strlen(second + 1), 1, JN_SWEEP_POINTS, &n, err);
    if (st < 0) {
        return jn_error_prefix(err, st, "--sweep");
    }
    memcpy(s.name, text, length);
    s.n = (size_t)n;
    *out = s;
    return JN_OK;
}

double jn_sweep_at(const jn_sweep *s, size_t i)
{
    const double share = s->n == 1 ? 0.0 : (double)i / (double)(s->n - 1);
    return i + 1 == s->n && s->n > 1 ? s->to : s->from + share * (s->to - s->from);
}
