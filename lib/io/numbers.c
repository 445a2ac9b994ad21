#include "io/numbers.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* x = digits * 10^-decimals with two digits, 10..99; printf does the rounding (9.96 is 1.0e1). */
static void two_digits(double x, int *digits, int *decimals)
{
    char text[32];
    snprintf(text, sizeof text, "%.1e", x); /* "d?de?xx", whatever the decimal point is */
    *digits = 10 * (text[0] - '0') + (strchr(text, 'e')[-1] - '0');
    *decimals = 1 - atoi(strchr(text, 'e') + 1);
}

int jn_decimals_for(double error, int most)
{
    if (isnan(error) || error == 0.0) {
        return most;
    }
    if (isinf(error)) {
        return 0;
    }
    int digits, decimals;
    two_digits(fabs(error), &digits, &decimals);
    decimals -= digits >= 20;
    return decimals < 0 ? 0 : decimals > most ? most : decimals;
}

/* "-0.00" is 0 */
static void drop_sign_of_zero(char *text)
{
    if (text[0] == '-' && strpbrk(text, "123456789") == NULL) {
        memmove(text, text + 1, strlen(text));
    }
}

/* "(3)", "(14)", "(1.4)", "(?)", or nothing where the error is not seen in these decimals. */
static void error_text(double error, int decimals, char *buf, size_t size)
{
    const double units = error * pow(10.0, decimals);
    if (isnan(error)) {
        snprintf(buf, size, "(?)");
    } else if (isinf(error)) {
        snprintf(buf, size, "(inf)");
    } else if (!(units >= 0.5)) {
        snprintf(buf, size, "%s", "");
    } else if (error >= 1e15) {
        snprintf(buf, size, "(%.1e)", error);
    } else if (error < 1.0 || decimals == 0) {
        snprintf(buf, size, "(%.0f)", units);
    } else {
        snprintf(buf, size, "(%.*f)", decimals, error);
    }
}

static const char *plain(double value, double error, int most, char *buf)
{
    char behind[32];
    const int decimals = jn_decimals_for(error, most);
    error_text(error, decimals, behind, sizeof behind);
    if (fabs(value) < 1e15) {
        snprintf(buf, JN_ROUNDED_TEXT, "%.*f", decimals, value);
        drop_sign_of_zero(buf);
    } else {
        snprintf(buf, JN_ROUNDED_TEXT, "%.6e", value);
    }
    return strncat(buf, behind, JN_ROUNDED_TEXT - 1 - strlen(buf));
}

const char *jn_text_rounded(double value, double error, int most, char buf[JN_ROUNDED_TEXT])
{
    if (isnan(value)) {
        return strcpy(buf, "");
    }
    if (isinf(value)) {
        return strcpy(buf, value > 0.0 ? "inf" : "-inf");
    }
    const double size = isfinite(error) ? fmax(fabs(value), error) : fabs(value);
    if (size == 0.0 || size >= 1e-3 || isinf(error)) {
        return plain(value, error, most, buf);
    }
    int digits, decimals;
    two_digits(size, &digits, &decimals);
    const int exponent = 1 - decimals;
    /* in two steps: 10^320 would overflow */
    const double up = pow(10.0, -exponent / 2), rest = pow(10.0, -exponent - -exponent / 2);
    plain(value * up * rest, error * up * rest, most, buf);
    const size_t n = strlen(buf);
    snprintf(buf + n, JN_ROUNDED_TEXT - n, "e%03d", exponent);
    return buf;
}

/* Bytes before the decimal point, or before where it would stand. */
static size_t lead_of(const char *text)
{
    return strcspn(text, ".(e");
}

void jn_alignment_add(jn_alignment *a, const char *text)
{
    const size_t lead = lead_of(text), tail = strlen(text) - lead;
    a->lead = lead > a->lead ? lead : a->lead;
    a->tail = tail > a->tail ? tail : a->tail;
}

const char *jn_alignment_pad(const jn_alignment *a, const char *text, char *buf, size_t size)
{
    const size_t lead = lead_of(text);
    const size_t left = a->lead > lead ? a->lead - lead : 0;
    const size_t width = a->lead + a->tail > left ? a->lead + a->tail - left : 0;
    snprintf(buf, size, "%*s%-*s", (int)left, "", (int)width, text);
    return buf;
}
