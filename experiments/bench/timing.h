/* Best of several runs, and a list of what came out. */
#ifndef JN_BENCH_TIMING_H
#define JN_BENCH_TIMING_H

#include <stdbool.h>
#include <stddef.h>

/* Wall clock and processor time of the whole program, seconds. */
double timing_now(void);
double timing_cpu(void);

typedef struct timing {
    double wall, cpu; /* seconds, the least of each over the repeats */
} timing;

/* `work(user)` until `repeats` runs are done or `seconds` have gone by, three at least. */
timing timing_best(void (*work)(void *user), void *user, int repeats, double seconds);

/* A line of the result. */
void timing_note(const char *name, const char *isa, size_t threads, const char *unit, double value);
/* All lines, as a table or as JSON. */
void timing_print(bool json);

#endif
