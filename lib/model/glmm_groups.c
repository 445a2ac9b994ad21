/* Rows to groups by their text: a hash table of the first row of each group. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/columns.h"
#include "model/glmm.h"

/* FNV-1a */
static uint64_t hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text != '\0'; text++) {
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return h ^ (h >> 29);
}

static bool is_missing(const char *text)
{
    return text[0] == '\0' || strcmp(text, "NA") == 0 || strcmp(text, "nan") == 0;
}

/* The row that stands for the group of `row`: the first with the same text. */
static size_t first_of(const jn_table *data, size_t col, size_t row, const char *text,
                       size_t *slots, size_t mask)
{
    size_t at = (size_t)hash(text) & mask;
    for (; slots[at] != 0; at = (at + 1) & mask) {
        char other[32];
        if (strcmp(text, jn_table_text(data, slots[at] - 1, col, other)) == 0) {
            return slots[at] - 1;
        }
    }
    slots[at] = row + 1;
    return row;
}

jn_status jn_glmm_group_rows(const jn_table *data, size_t col, size_t *group, size_t *n_groups,
                             jn_error *err)
{
    size_t size = 4, found = 0;
    while (size / 2 < data->n_rows) {
        size *= 2;
    }
    size_t *slots = jn_alloc(size, sizeof *slots);
    if (slots == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the groups");
    }
    jn_status status = JN_OK;
    for (size_t r = 0; status == JN_OK && r < data->n_rows; r++) {
        char buffer[32];
        const char *text = jn_table_text(data, r, col, buffer);
        if (is_missing(text)) {
            status = jn_column_refuse(data, r, col, "the name of a group", err);
        } else {
            const size_t first = first_of(data, col, r, text, slots, size - 1);
            group[r] = first == r ? found++ : group[first];
        }
    }
    free(slots);
    if (status == JN_OK) {
        *n_groups = found;
    }
    return status;
}
