/* Counts as people write them: 8, 1e6, lists, and 1..1e6 for the 1-2-5 series. */
#ifndef JN_TOOLS_COUNTS_H
#define JN_TOOLS_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"

/* text[0..n-1] as a whole number from lo to hi: digits alone, or a form such as 1e6 or 2.5e3 that
 * a double holds exactly. JN_ERR_USAGE: anything else ("5x", "-1", "1.5", "nan"). */
JN_CHECKED jn_status jn_count_read(const char *text, size_t n, uint64_t lo, uint64_t hi,
                                   uint64_t *out, jn_error *err);

/* "1,2,5,1e6" and "A..B", which is both ends and the 1-2-5 series between them; a count that came
 * before is not repeated. *out is for the caller to free. */
JN_CHECKED jn_status jn_counts_read(const char *text, uint64_t lo, uint64_t hi, size_t *n,
                                    uint64_t **out, jn_error *err);

#endif
