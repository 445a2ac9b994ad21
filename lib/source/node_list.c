#include "source/node_list.h"

#include <string.h>

#include "base/memory.h"

void jn_node_list_free(jn_node_list *l)
{
    free(l->log_w);
    free(l->log_mass);
    free(l->log_lik);
    free(l->log_ratio);
    free(l->edge);
    memset(l, 0, sizeof *l);
}

static jn_status reserve(jn_node_list *l, size_t more)
{
    if (l->n + more <= l->capacity) {
        return JN_OK;
    }
    const size_t capacity = 2 * (l->n + more);
    double **const arrays[] = { &l->log_w, &l->log_mass, &l->log_lik, &l->log_ratio };
    for (size_t i = 0; i < 4; i++) {
        double *a = jn_realloc(*arrays[i], capacity, sizeof *a);
        if (a == NULL) {
            return JN_ERR_NOMEM;
        }
        *arrays[i] = a;
    }
    unsigned char *edge = jn_realloc(l->edge, capacity, 1);
    if (edge == NULL) {
        return JN_ERR_NOMEM;
    }
    l->edge = edge;
    l->capacity = capacity;
    return JN_OK;
}

jn_status jn_node_list_add(jn_node_list *l, const jn_weights *nodes, bool edge)
{
    const size_t n = nodes->n;
    const jn_status st = reserve(l, n);
    if (st == JN_OK) {
        memcpy(l->log_w + l->n, nodes->log_w, n * sizeof(double));
        memcpy(l->log_mass + l->n, nodes->log_mass, n * sizeof(double));
        memcpy(l->log_lik + l->n, nodes->log_lik, n * sizeof(double));
        memcpy(l->log_ratio + l->n, nodes->log_ratio, n * sizeof(double));
        memset(l->edge + l->n, edge, n);
        l->n += n;
    }
    return st;
}
