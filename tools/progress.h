/* A progress bar on stderr: on a terminal alone, and only for work longer than a second. */
#ifndef JN_TOOLS_PROGRESS_H
#define JN_TOOLS_PROGRESS_H

#include <stdbool.h>

typedef struct jn_progress {
    bool on, drawn;
    double started, last; /* seconds */
} jn_progress;

double jn_seconds(void); /* of a clock that never goes back */

void jn_progress_start(jn_progress *p, bool quiet);
void jn_progress_show(void *progress, double fraction); /* jn_gap_options.progress */
void jn_progress_end(jn_progress *p);                   /* takes the bar away */

#endif
