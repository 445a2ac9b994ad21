/* Small helpers for names and for texts inside messages. Internal. */
#ifndef JN_BASE_TEXT_H
#define JN_BASE_TEXT_H

#include <stddef.h>

#include "jensen/status.h"

enum { JN_EXCERPT = 64 };

/* text in quotes for a message, cut with "..." where it is long, never inside a UTF-8 character.
 * Returns buf. */
const char *jn_excerpt(const char *text, char buf[JN_EXCERPT]);

/* *bad: the smallest index of a name that is empty or equal to an earlier one, or n. */
JN_CHECKED jn_status jn_names_check(size_t n, const char *const *names, size_t *bad);

#endif
