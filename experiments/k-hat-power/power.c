/* What Pareto k-hat says of weights whose true shape k is known: its mean, its spread, the error
 * that it claims, and how often it is above 1/2 and above the limit of the program.
 *
 * Laws: Pareto itself, W = U^-k; and p = N(0, I_D), q = N(0, (1 - k) I_D), whose weights have a
 * tail of shape k times a power of log W, in D = 1, 2, 10 (at D = 2 without that power). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "jensen/law.h"
#include "jensen/random.h"

enum { N_K = 7, N_S = 4, N_LAWS = 4, REPEATS = 1000, S_MAX = 100000 };
static const double SHAPES[N_K] = { 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9 };
static const size_t SIZES[N_S] = { 100, 1000, 10000, S_MAX };
static const int DIMS[N_LAWS] = { 0, 1, 2, 10 }; /* 0: Pareto */
static const char *const NAMES[N_LAWS] = { "Pareto", "Gaussian 1-D", "Gaussian 2-D",
                                           "Gaussian 10-D" };

static size_t repeats_of(size_t s)
{
    return s < S_MAX ? REPEATS : REPEATS / 4;
}

/* n log-weights; work: n doubles. */
static void draw(int dim, double k, uint32_t repeat, size_t n, double *log_w, double *work)
{
    const jn_stream s = { .seed = 1, .replicate = repeat, .purpose = JN_FOR_SIMULATION };
    if (dim == 0) {
        jn_uniform_fill(&s, 0, n, 0, work);
        for (size_t i = 0; i < n; i++) {
            log_w[i] = -k * log(work[i]);
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        log_w[i] = 0.0;
    }
    for (int j = 0; j < dim; j++) { /* log p - log q of z = sqrt(1 - k) g, but for a constant */
        jn_normal_fill(&s, 0, n, (uint32_t)j, work);
        for (size_t i = 0; i < n; i++) {
            log_w[i] += 0.5 * k * work[i] * work[i];
        }
    }
}

static int cell(size_t law, double k, size_t s)
{
    const size_t repeats = repeats_of(s);
    jn_pareto *fit = calloc(repeats, sizeof *fit);
    int bad = fit == NULL;
#pragma omp parallel reduction(| : bad)
    {
        double *log_w = malloc(2 * s * sizeof *log_w);
        bad |= log_w == NULL;
#pragma omp for schedule(static)
        for (size_t r = 0; r < repeats; r++) {
            if (!bad) {
                draw(DIMS[law], k, (uint32_t)r, s, log_w, log_w + s);
                bad |= jn_pareto_fit(s, s, log_w, &fit[r]) != JN_OK;
            }
        }
        free(log_w);
    }
    double mean = 0.0, square = 0.0, claimed = 0.0, half = 0.0, above = 0.0;
    const double n = (double)repeats, limit = jn_pareto_limit(s);
    for (size_t r = 0; !bad && r < repeats; r++) {
        mean += fit[r].k / n;
        square += fit[r].k * fit[r].k / n;
        claimed += fit[r].error / n;
        half += (fit[r].k > 0.5) / n;
        above += (fit[r].k > limit) / n;
    }
    free(fit);
    if (!bad) {
        printf("%s,%.1f,%zu,%zu,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f\n", NAMES[law], k, s, repeats, mean,
               sqrt(fmax(square - mean * mean, 0.0)), claimed, half, limit, above);
    }
    return bad;
}

int main(void)
{
    printf("law,k,S,samples,mean,sd,claimed,above_half,limit,above_limit\n");
    for (size_t d = 0; d < N_LAWS; d++) {
        for (size_t k = 0; k < N_K; k++) {
            for (size_t s = 0; s < N_S; s++) {
                if (cell(d, SHAPES[k], SIZES[s])) {
                    fprintf(stderr, "power: out of memory\n");
                    return 1;
                }
            }
        }
    }
    return 0;
}
