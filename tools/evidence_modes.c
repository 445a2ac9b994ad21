#include "evidence_modes.h"

#include "base/memory.h"
#include "base/tasks.h"
#include "jensen/target.h"

static const size_t most_dimensions = 64; /* of the methods that work about modes */

typedef struct survey {
    const jn_model *m;
    size_t *found; /* n_obs */
} survey;

/* No mode where no Gaussian fits the top (a kink, a flat direction). */
static jn_status look(void *user, size_t row, size_t worker, jn_error *err)
{
    const survey *s = user;
    jn_modes modes;
    (void)worker;
    const jn_status st = jn_target_modes(s->m, row, &modes, err);
    if (st < 0) {
        s->found[row] = 0;
        return st == JN_ERR_NOMEM ? st : JN_OK;
    }
    s->found[row] = modes.n;
    jn_modes_free(&modes);
    return JN_OK;
}

static void fill(const size_t *found, size_t n_obs, jn_mode_counts *out)
{
    static const char *const columns[JN_MODE_COLUMNS] = { "modes", "observations", "first" };
    size_t count[JN_MODE_COUNTS] = { 0 }, first[JN_MODE_COUNTS] = { 0 };
    out->sheet = (jn_sheet){ .name = "modes",
                             .n_cols = JN_MODE_COLUMNS,
                             .cols = columns,
                             .cell = out->cell,
                             .machine_only = true };
    for (size_t row = n_obs; row-- > 0;) {
        const size_t k = found[row] < JN_MODE_COUNTS ? found[row] : JN_MODE_COUNTS - 1;
        count[k]++;
        first[k] = row;
    }
    for (size_t k = 0; k < JN_MODE_COUNTS; k++) {
        if (count[k] > 0) {
            jn_cell *c = out->cell + JN_MODE_COLUMNS * out->sheet.n_rows++;
            c[0] = jn_cell_count(k);
            c[1] = jn_cell_count(count[k]);
            c[2] = jn_cell_count(first[k]);
        }
    }
}

static void describe(size_t n_obs, jn_mode_counts *out)
{
    const jn_cell *least = out->cell;
    const jn_cell *most = out->cell + JN_MODE_COLUMNS * (out->sheet.n_rows - 1);
    if (most[0].number == 0.0) {
        (void)snprintf(out->note, JN_MODE_NOTE, "modes found: none that a Gaussian fits");
    } else if (n_obs == 1) {
        (void)snprintf(out->note, JN_MODE_NOTE, "modes found: %.0f", most[0].number);
    } else if (least == most) {
        (void)snprintf(out->note, JN_MODE_NOTE, "modes found: %.0f in every observation",
                       most[0].number);
    } else {
        (void)snprintf(
            out->note, JN_MODE_NOTE,
            "modes found: %.0f to %.0f an observation; %.0f in %.0f of %zu, the first is "
            "observation %.0f",
            least[0].number, most[0].number, most[0].number, most[1].number, n_obs, most[2].number);
    }
}

jn_status jn_count_modes(const jn_model *m, size_t threads, jn_mode_counts *out, jn_error *err)
{
    *out = (jn_mode_counts){ .sheet = { .name = "modes" } };
    if (m->density == NULL || jn_model_states(m) > 0 || m->dim > most_dimensions || m->n_obs == 0) {
        return JN_OK;
    }
    survey s = { .m = m, .found = jn_alloc(m->n_obs, sizeof *s.found) };
    jn_status st = s.found == NULL ? JN_ERR_NOMEM : JN_OK;
    st = st == JN_OK ? jn_tasks_run(m->n_obs, threads, look, &s, err) : st;
    if (st == JN_OK) {
        fill(s.found, m->n_obs, out);
        describe(m->n_obs, out);
    }
    free(s.found);
    return st;
}
