/* Numbers for people: as many digits as the error supports. Internal. (Numbers for machines:
 * jn_number_text in base/number.h, every digit.) */
#ifndef JN_IO_NUMBERS_H
#define JN_IO_NUMBERS_H

#include <stddef.h>

enum { JN_ROUNDED_TEXT = 64 };

/* Decimals that an error supports: those of its first digit, and of the second where the first is a
 * 1 (0.00034 gives 4, 0.00014 gives 5); from 0 to `most`. An error of 0 or NaN gives `most`, an
 * infinite one 0. */
int jn_decimals_for(double error, int most);

/* The value rounded to those decimals with the error in units of the last digit:
 *     -121.42583, 0.0003   "-121.4258(3)"
 *     -121.4, 1.4          "-121.4(1.4)"
 *     3.1e-7, 2e-9         "3.10(2)e-07"     both below 1e-3
 *     -15.41, 1e-13        "-15.410000"      no error to see in `most` = 6 decimals; 0 likewise
 *     -15.41, NaN          "-15.410000(?)"   the error is not known
 * Infinite values are "inf" and "-inf", whatever the error; NaN is "". Returns buf. */
const char *jn_text_rounded(double value, double error, int most, char buf[JN_ROUNDED_TEXT]);

/* A column of such texts with the decimal points in one line: add each, then pad each. */
typedef struct jn_alignment {
    size_t lead, tail; /* the longest part before and from the decimal point on */
} jn_alignment;

void jn_alignment_add(jn_alignment *a, const char *text);
/* text with blanks on both sides, a->lead + a->tail bytes and a NUL, at most `size`. Returns buf.
 */
const char *jn_alignment_pad(const jn_alignment *a, const char *text, char *buf, size_t size);

#endif
