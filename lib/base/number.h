/* Numbers as text, the same in every locale. Internal. */
#ifndef JN_BASE_NUMBER_H
#define JN_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* text[0..n-1], all of it, is a finite decimal number: [+-]digits[.digits][e[+-]digits], a digit
 * before or after the point. "", "5x", " 5", "nan", "inf", "0x10" and 1e999 are not (out is then
 * untouched); what is too small becomes a subnormal or 0. Correctly rounded.
 * text[n] must be readable and neither digit, letter nor point: a separator or NUL. */
bool jn_number_read(const char *text, size_t n, double *out);

enum { JN_NUMBER_TEXT = 32 };

/* x with 15, 16 or 17 digits, the fewest that read back as x; "inf", "-inf", "nan". Returns buf. */
const char *jn_number_text(double x, char buf[JN_NUMBER_TEXT]);

#endif
