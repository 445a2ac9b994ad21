#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glibc hands out one static object for the whole "C" locale: nothing is allocated or leaked. A
 * program that has called setlocale() would otherwise read "1,5" and write "0,5". */
static locale_t c_locale(void)
{
    static _Atomic(locale_t) cached;
    locale_t c = cached;
    if (c == (locale_t)0) {
        c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        cached = c;
    }
    return c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

typedef struct scan {
    uint64_t mantissa; /* the first 19 significant digits */
    int digits;        /* significant digits seen */
    long exponent;     /* of ten, for an integer mantissa */
    bool negative;
} scan;

enum { MANTISSA_DIGITS = 19, EXPONENT_CAP = 100000 };

static const char *scan_digits(const char *p, const char *end, scan *s, bool fraction)
{
    for (; p < end && is_digit(*p); p++) {
        s->digits += s->digits > 0 || *p != '0';
        if (s->digits <= MANTISSA_DIGITS) {
            s->mantissa = s->mantissa * 10 + (uint64_t)(*p - '0');
            s->exponent -= fraction;
        }
    }
    return p;
}

static const char *scan_exponent(const char *p, const char *end, scan *s)
{
    if (p == end || (*p != 'e' && *p != 'E')) {
        return p;
    }
    p++;
    const bool negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    if (p == end || !is_digit(*p)) {
        return NULL;
    }
    long e = 0;
    for (; p < end && is_digit(*p); p++) {
        e = e < EXPONENT_CAP ? e * 10 + (*p - '0') : e;
    }
    s->exponent += negative ? -e : e;
    return p;
}

/* The whole of the text in the grammar of number.h. */
static bool scan_number(const char *p, const char *end, scan *s)
{
    s->negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    const char *const whole = p;
    p = scan_digits(p, end, s, false);
    ptrdiff_t digits = p - whole;
    if (p < end && *p == '.') {
        const char *const fraction = ++p;
        p = scan_digits(p, end, s, true);
        digits += p - fraction;
    }
    return digits > 0 && scan_exponent(p, end, s) == end;
}

/* Clinger (PLDI 1990): an integer below 2^53 and a power of ten up to 10^22 are both exact, so one
 * multiplication or division rounds once, as strtod does, at a tenth of its cost. */
static bool fast_path(const scan *s, double *out)
{
    static const double ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    if (s->digits > MANTISSA_DIGITS || s->mantissa > (UINT64_C(1) << 53) || s->exponent < -22 ||
        s->exponent > 22) {
        return false;
    }
    const double m = (double)s->mantissa;
    const double x = s->exponent < 0 ? m / ten[-s->exponent] : m * ten[s->exponent];
    *out = s->negative ? -x : x;
    return true;
}

bool jn_number_read(const char *text, size_t n, double *out)
{
    scan s = { 0 };
    if (!scan_number(text, text + n, &s)) {
        return false;
    }
    if (fast_path(&s, out)) {
        return true;
    }
    char *end;
    const double x = strtod_l(text, &end, c_locale());
    if (end != text + n || !isfinite(x)) {
        return false;
    }
    *out = x;
    return true;
}

const char *jn_number_text(double x, char buf[JN_NUMBER_TEXT])
{
    if (isnan(x)) {
        return strcpy(buf, "nan");
    }
    if (isinf(x)) {
        return strcpy(buf, x > 0.0 ? "inf" : "-inf");
    }
    const locale_t before = uselocale(c_locale());
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, JN_NUMBER_TEXT, "%.*g", digits, x);
        if (strtod(buf, NULL) == x) {
            break;
        }
    }
    uselocale(before);
    return buf;
}
