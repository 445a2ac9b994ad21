/* Nodes of a rule kept as they came. Internal. */
#ifndef JN_SOURCE_NODE_LIST_H
#define JN_SOURCE_NODE_LIST_H

#include "jensen/law.h"

typedef struct jn_node_list {
    size_t n, capacity;
    double *log_w, *log_mass, *log_lik, *log_ratio; /* one allocation each */
    unsigned char *edge;
} jn_node_list;

/* Appends the nodes of a block (all four arrays set), all of them on the border or none. */
JN_CHECKED jn_status jn_node_list_add(jn_node_list *l, const jn_weights *nodes, bool edge);
void jn_node_list_free(jn_node_list *l); /* leaves zeros */

#endif
