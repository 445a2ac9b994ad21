/* Laws in a run over many chunks: used again, set up alike, made small. Internal. */
#ifndef JN_LAW_REUSE_H
#define JN_LAW_REUSE_H

#include "jensen/law.h"

/* More nodes than this are compressed. */
enum { JN_NODES_MANY = 4096 };

/* Empty again, as after jn_law_start; memory and needs stay. */
void jn_law_clear(jn_law *law, double log_p, uint64_t first);

/* About where the log-weights of a law of draws lie, which is where its bins have their origin, so
 * that laws merge bin by bin; NaN: the law finds one. Some draws to find it from. */
void jn_law_place(jn_law *law, double origin);
double jn_law_origin(size_t n, const double *log_w);

/* Only log-weights above `floor` go to the tail of the law: what is below cannot belong to the
 * largest that are wanted, or the tail falls short (jn_law_tail_short) and must be made again.
 * jn_law_tail_floor: such a floor from a few of the draws (reordered), of which there will be n in
 * all; -INFINITY where they are too few to tell. */
void jn_law_tail_from(jn_law *law, double floor);
double jn_law_tail_floor(size_t n_few, double *log_w, size_t keep, double n);
bool jn_law_tail_short(const jn_law *law);

/* Many nodes become fewer with the same moments (law/compress.h). */
JN_CHECKED jn_status jn_law_shrink(jn_law *law);
/* Nothing more will be added or merged: bins become nodes. */
JN_CHECKED jn_status jn_law_settle(jn_law *law);
/* A law of the same draws as one that is settled: its nodes. */
JN_CHECKED jn_status jn_law_settle_like(jn_law *law, const jn_law *settled);

#endif
