#include "model/stationary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* reach[i n + j]: j can be reached from i in any number of steps, 0 included. */
static void close_reach(size_t n, const double *transition, bool *reach)
{
    for (size_t k = 0; k < n * n; k++) {
        reach[k] = transition[k] > 0.0 || k % (n + 1) == 0;
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; reach[i * n + k] && j < n; j++) {
                reach[i * n + j] = reach[i * n + j] || reach[k * n + j];
            }
        }
    }
}

/* The states of the only closed class into `members`; 0 where there are several. */
static size_t closed_class(size_t n, const bool *reach, size_t *members)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        bool recurrent = true;
        for (size_t j = 0; j < n; j++) {
            recurrent = recurrent && (!reach[i * n + j] || reach[j * n + i]);
        }
        if (recurrent && found > 0 && !reach[members[0] * n + i]) {
            return 0;
        }
        if (recurrent) {
            members[found++] = i;
        }
    }
    return found;
}

/* States are taken out from the last to the first; what is left is the chain watched on the rest.
 */
static void eliminate(size_t n, double *a, double *out)
{
    for (size_t k = n; k-- > 1;) {
        double leave = 0.0;
        for (size_t j = 0; j < k; j++) {
            leave += a[k * n + j];
        }
        for (size_t i = 0; i < k; i++) {
            a[i * n + k] /= leave;
            for (size_t j = 0; j < k; j++) {
                a[i * n + j] += a[i * n + k] * a[k * n + j];
            }
        }
    }
    double total = out[0] = 1.0;
    for (size_t k = 1; k < n; k++) {
        out[k] = 0.0;
        for (size_t i = 0; i < k; i++) {
            out[k] += out[i] * a[i * n + k];
        }
        total += out[k];
    }
    for (size_t k = 0; k < n; k++) {
        out[k] /= total;
    }
}

jn_status jn_stationary(size_t n, const double *transition, double *out)
{
    bool *reach = jn_alloc(n * n, sizeof *reach);
    size_t *members = jn_alloc(n, sizeof *members);
    double *work = jn_alloc_doubles(n * n + n);
    jn_status status = reach == NULL || members == NULL || work == NULL ? JN_ERR_NOMEM : JN_OK;
    if (status == JN_OK) {
        close_reach(n, transition, reach);
        const size_t k = closed_class(n, reach, members);
        status = k == 0 ? JN_ERR_VALUE : JN_OK;
        for (size_t i = 0; i < k * k; i++) {
            work[i] = transition[members[i / k] * n + members[i % k]];
        }
        if (status == JN_OK) {
            eliminate(k, work, work + n * n);
            memset(out, 0, n * sizeof *out);
        }
        for (size_t i = 0; i < k; i++) {
            out[members[i]] = work[n * n + i];
        }
    }
    free(work);
    free(members);
    free(reach);
    return status;
}
