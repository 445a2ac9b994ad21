/* --sweep NAME=A:B:N: N evenly spaced values of a parameter, both ends included. */
#ifndef JN_TOOLS_SWEEP_H
#define JN_TOOLS_SWEEP_H

#include "jensen/params.h"

enum { JN_SWEEP_POINTS = 100000, JN_SWEEP_NAME = 64 };

typedef struct jn_sweep {
    char name[JN_SWEEP_NAME];
    double from, to;
    size_t n;
} jn_sweep;

/* JN_ERR_USAGE: not of that form, or no number from 1 to JN_SWEEP_POINTS of points. */
JN_CHECKED jn_status jn_sweep_read(const char *text, jn_sweep *out, jn_error *err);
double jn_sweep_at(const jn_sweep *s, size_t i);

#endif
