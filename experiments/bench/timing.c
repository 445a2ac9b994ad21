#include "timing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_LINES = 256, NAME = 64 };

typedef struct line {
    char name[NAME], isa[8], unit[24];
    size_t threads;
    double value;
} line;

static line lines[MOST_LINES];
static size_t n_lines;

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double timing_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double timing_cpu(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

timing timing_best(void (*work)(void *user), void *user, int repeats, double seconds)
{
    enum { LEAST = 3 };
    timing best = { INFINITY, INFINITY };
    const double start = timing_now();
    work(user);
    for (int i = 0; i < repeats && (i < LEAST || timing_now() - start < seconds); i++) {
        const double wall = timing_now(), cpu = timing_cpu();
        work(user);
        best.wall = fmin(best.wall, timing_now() - wall);
        best.cpu = fmin(best.cpu, timing_cpu() - cpu);
    }
    return best;
}

void timing_note(const char *name, const char *isa, size_t threads, const char *unit, double value)
{
    if (n_lines == MOST_LINES) {
        fprintf(stderr, "too many results\n");
        exit(EXIT_FAILURE);
    }
    line *l = &lines[n_lines++];
    snprintf(l->name, sizeof l->name, "%s", name);
    snprintf(l->isa, sizeof l->isa, "%s", isa);
    snprintf(l->unit, sizeof l->unit, "%s", unit);
    l->threads = threads;
    l->value = value;
    fprintf(stderr, "%-44s %-7s %2zu %12.4g %s\n", l->name, l->isa, threads, value, unit);
}

void timing_print(bool json)
{
    if (json) {
        printf("{\"context\": {\"best_of\": \"several\"}, \"benchmarks\": [");
    }
    for (size_t i = 0; i < n_lines; i++) {
        const line *l = &lines[i];
        if (json) {
            printf("%s\n  {\"name\": \"%s\", \"isa\": \"%s\", \"threads\": %zu, \"value\": %.6g, "
                   "\"unit\": \"%s\"}",
                   i == 0 ? "" : ",", l->name, l->isa, l->threads, l->value, l->unit);
        } else {
            printf("%-44s %-7s %2zu %12.4g %s\n", l->name, l->isa, l->threads, l->value, l->unit);
        }
    }
    if (json) {
        printf("\n]}\n");
    }
}
