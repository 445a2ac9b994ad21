/* How many modes the posteriors of the observations have, as jensen evidence tells it. */
#ifndef JN_TOOLS_EVIDENCE_MODES_H
#define JN_TOOLS_EVIDENCE_MODES_H

#include "sheet.h"

enum { JN_MODE_COLUMNS = 3, JN_MODE_COUNTS = 18, JN_MODE_NOTE = 160 };

/* Observations by the number of modes found: a row of the sheet each, fewest modes first. */
typedef struct jn_mode_counts {
    jn_sheet
        sheet; /* no rows: no modes are looked for (discrete latents, paths, many dimensions) */
    jn_cell cell[JN_MODE_COUNTS * JN_MODE_COLUMNS];
    char note[JN_MODE_NOTE]; /* the same in words */
} jn_mode_counts;

JN_CHECKED jn_status jn_count_modes(const jn_model *m, size_t threads, jn_mode_counts *out,
                                    jn_error *err);

#endif
