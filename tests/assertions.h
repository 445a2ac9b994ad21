/* Our own assertions for doubles. cmocka 1.1.5 cannot compare them (its float comparison lets NaN
 * pass), so no test may use cmocka's. */
#ifndef JN_TESTS_ASSERTIONS_H
#define JN_TESTS_ASSERTIONS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "jensen/status.h"

static inline void jn_assert_close_(double got, double want, double rtol, double atol,
                                    const char *what, const char *file, int line)
{
    const double allowed = atol + rtol * fabs(want);
    const double error = fabs(got - want);
    const int same_infinity = isinf(want) && got == want;
    if (same_infinity || (!isinf(want) && error <= allowed)) {
        return;
    }
    print_error("%s = %.17g, want %.17g: off by %.3g, allowed %.3g\n", what, got, want, error,
                allowed);
    _fail(file, line);
}

/* |got - want| <= atol + rtol * |want|. NaN never passes; infinities must match exactly. */
#define assert_close(got, want, rtol, atol) \
    jn_assert_close_((got), (want), (rtol), (atol), #got, __FILE__, __LINE__)

static inline void jn_assert_within_se_(double got, double truth, double se, double z,
                                        const char *what, const char *file, int line)
{
    if (isfinite(se) && se > 0.0 && fabs(got - truth) <= z * se) {
        return;
    }
    print_error("%s = %.17g, truth %.17g: off by %.3g standard errors of %.3g, allowed %.3g\n",
                what, got, truth, fabs(got - truth) / se, se, z);
    _fail(file, line);
}

/* |got - truth| <= z * se with a finite, positive se. z = 5 fails by chance once in 1.7 million
 * seeds; seeds are fixed, so never twice. */
#define assert_within_se(got, truth, se, z) \
    jn_assert_within_se_((got), (truth), (se), (z), #got, __FILE__, __LINE__)

static inline void jn_assert_ok_(jn_status status, const jn_error *err, const char *what,
                                 const char *file, int line)
{
    if (status != JN_OK) {
        print_error("%s: %s: %s\n", what, jn_status_name(status), err == NULL ? "" : err->message);
        _fail(file, line);
    }
}

/* The call gave JN_OK; else its status and message are printed. err may be NULL. */
#define assert_ok(call, err) jn_assert_ok_((call), (err), #call, __FILE__, __LINE__)

#endif
