/* The warnings of a run: one line each, repeated ones counted. Internal. */
#ifndef JN_GAP_WARNINGS_H
#define JN_GAP_WARNINGS_H

#include "jensen/gap.h"

JN_CHECKED jn_status jn_gap_warn(jn_gap_table *t, const char *fmt, ...) JN_PRINTF(2, 3);

#endif
