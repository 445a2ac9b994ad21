#include "progress.h"

#include <stdio.h>
#include <time.h>

#include "program.h"

enum { WIDTH = 40 };

double jn_seconds(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec
                                                   : 0.0;
}

void jn_progress_start(jn_progress *p, bool quiet)
{
    *p = (jn_progress){ .on = !quiet && jn_fancy(stderr) };
    p->started = p->last = jn_seconds();
}

void jn_progress_show(void *progress, double fraction)
{
    jn_progress *p = progress;
    const double now = jn_seconds();
    if (!p->on || now - p->started < 1.0 || now - p->last < 0.1) {
        return;
    }
    const int done = fraction < 0.0 ? 0 : fraction > 1.0 ? WIDTH : (int)(fraction * WIDTH);
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < done ? '#' : '.';
    }
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3.0f%%  %.0f s ", bar, 100.0 * fraction, now - p->started);
    (void)fflush(stderr);
    p->last = now;
    p->drawn = true;
}

void jn_progress_end(jn_progress *p)
{
    if (p->drawn) {
        fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}
