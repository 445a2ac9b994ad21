/* The complete U-statistic with its errors: 10^6 draws at 20 values of K, and 1000 rows of 4000
 * draws at K = 1, 10, 100, 1000. Seconds of one thread. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "jensen/random.h"
#include "jensen/ustat.h"

enum { MANY = 1000000, N_K = 20, ROWS = 1000, DRAWS = 4000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int many(double *l)
{
    static const uint64_t ks[N_K] = { 1,     2,      5,      10,     20,     50,     100,
                                      200,   500,    1000,   2000,   5000,   10000,  20000,
                                      50000, 100000, 200000, 500000, 700000, 1000000 };
    jn_ustat u[N_K];
    const jn_stream s = { .seed = 1 };
    jn_normal_fill(&s, 0, MANY, 0, l);
    const double start = now();
    if (jn_ustat_values(MANY, l, N_K, ks, u, NULL) != JN_OK) {
        return 1;
    }
    printf("1e6 draws, 20 K: %.3f s\n", now() - start);
    for (int i = 0; i < N_K; i += 3) {
        printf("  K %8llu: gap %.10g, error %.3g\n", (unsigned long long)ks[i], u[i].gap,
               u[i].error);
    }
    return 0;
}

static int rows(double *l)
{
    static const uint64_t ks[] = { 1, 10, 100, 1000 };
    for (uint32_t r = 0; r < ROWS; r++) {
        const jn_stream s = { .seed = 2, .observation = r };
        jn_normal_fill(&s, 0, DRAWS, 0, l + (size_t)r * DRAWS);
    }
    for (size_t n_k = 1; n_k <= 4; n_k++) {
        const double start = now();
        for (size_t r = 0; r < ROWS; r++) {
            jn_ustat u[4];
            if (jn_ustat_values(DRAWS, l + r * DRAWS, n_k, ks, u, NULL) != JN_OK) {
                return 1;
            }
        }
        printf("1000 rows of 4000 draws, K to %llu: %.3f s\n", (unsigned long long)ks[n_k - 1],
               now() - start);
    }
    return 0;
}

int main(void)
{
    double *l = malloc(sizeof *l * ROWS * DRAWS);
    const int bad = l == NULL || many(l) || rows(l);
    free(l);
    return bad;
}
