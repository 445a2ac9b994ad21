#include "pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jensen/csv.h"
#include "jensen/exact.h"
#include "jensen/path.h"
#include "jensen/target.h"

static const double one[] = { 1.2 }, toy2[] = { 1.0 }, two[] = { 0.7, -0.4, 1.1 };
static const double counts[] = { 3.0 }, trials[] = { 7.0, 20.0 }, level[] = { 0.4, -0.3, 0.9 };
static const double mixed[] = { 0.8 };

/* 8-D: x sees one direction of z alone, of length 1, so that the weights of q = prior are those of
 * one coordinate. local-level: three steps from a known start are a 3-D linear-Gaussian model whose
 * latents are the innovations. */
const pair pairs[N_PAIRS] = {
    { .name = "toy A",
      .drawn = { "linear-gaussian",
                 { "noise_sd=0.70710678118654752" },
                 1,
                 1,
                 one,
                 "gaussian",
                 { "mean=0.4", "sd=0.8" } } },
    { .name = "toy 2",
      .drawn = { "linear-gaussian",
                 { "noise_sd=1" },
                 1,
                 1,
                 toy2,
                 "gaussian",
                 { "mean=0.3", "sd=0.8" } } },
    { .name = "linear-gaussian 2-D",
      .shape = 0.05, /* 1 - widen^2 */
      .drawn = { "linear-gaussian",
                 { "W=1,0.3;-0.5,0.8;0.2,1.1", "noise_sd=0.8" },
                 1,
                 3,
                 two,
                 "laplace",
                 { "widen=0.97467943448089633", "shift=0.1" } } },
    { .name = "linear-gaussian 8-D",
      .drawn = { "linear-gaussian",
                 { "W=0.5,-0.5,0.5,0.3,0.1,0.3,-0.1,0.22360679774997897",
                   "noise_sd=0.70710678118654752" },
                 1,
                 1,
                 one,
                 "prior",
                 { NULL } },
      .same = { "linear-gaussian",
                { "noise_sd=0.70710678118654752" },
                1,
                1,
                one,
                "prior",
                { NULL } } },
    { .name = "logistic birthwt", .birthwt = 15.0, .drawn = { .model = "logistic" } },
    { .name = "gaussian-mixture",
      .drawn = { "gaussian-mixture",
                 { "weights=0.2,0.5,0.3", "means=-1;0.5;2", "sds=0.8" },
                 1,
                 1,
                 mixed,
                 "prior",
                 { NULL } } },
    { .name = "gamma-weights a=2",
      .drawn = { "gamma-weights", { "a=2" }, 0, 0, NULL, "prior", { NULL } } },
    { .name = "gamma-weights a=0.5",
      .drawn = { "gamma-weights", { "a=0.5" }, 0, 0, NULL, "prior", { NULL } } },
    { .name = "two-point",
      .drawn = { "two-point-weights", { NULL }, 0, 0, NULL, "prior", { NULL } } },
    { .name = "beta-binomial",
      .drawn = { "beta-binomial", { "a=2", "b=3" }, 1, 2, trials, "prior", { NULL } } },
    { .name = "gamma-poisson",
      .drawn = { "gamma-poisson", { "shape=2", "rate=1" }, 1, 1, counts, "prior", { NULL } } },
    { .name = "local-level path",
      .drawn = { "local-level",
                 { "level_sd=0.7", "noise_sd=0.8" },
                 3,
                 1,
                 level,
                 "prior",
                 { NULL } },
      .same = { "linear-gaussian",
                { "W=1,0,0;1,0.7,0;1,0.7,0.7", "noise_sd=0.8" },
                1,
                3,
                level,
                "prior",
                { NULL } } },
    { .name = "linear-gaussian 2-D k=0.17",
      .shape = 0.17, /* 1 - widen^2 */
      .drawn = { "linear-gaussian",
                 { "W=1,0.3;-0.5,0.8;0.2,1.1", "noise_sd=0.8" },
                 1,
                 3,
                 two,
                 "laplace",
                 { "widen=0.91104335791442987", "shift=0.1" } } },
    /* log W falls like -z^2 where t falls like z^-6: only two of its moments exist */
    { .name = "logistic birthwt df=5", .birthwt = 5.0, .drawn = { .model = "logistic" } },
    { .name = "gaussian-scale k=0.4",
      .shape = 0.4,
      .drawn = { "gaussian-scale",
                 { "dim=2", "s=0.77459666924148338" },
                 0,
                 0,
                 NULL,
                 "prior",
                 { NULL } } },
    { .name = "toy B",
      .shape = 0.64,
      .drawn = { "linear-gaussian",
                 { "noise_sd=0.70710678118654752" },
                 1,
                 1,
                 one,
                 "gaussian",
                 { "mean=0.8", "sd=0.34641016151377546" } } },
};

static void must(jn_status st, const jn_error *err)
{
    if (st < 0) {
        fprintf(stderr, "%s: %s\n", jn_status_name(st), err == NULL ? "" : err->message);
        exit(EXIT_FAILURE);
    }
}

static jn_params params_of(const char *const *texts, size_t n)
{
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    for (size_t i = 0; i < n && texts[i] != NULL; i++) {
        char name[32];
        const char *value = strchr(texts[i], '=');
        snprintf(name, sizeof name, "%.*s", (int)(value - texts[i]), texts[i]);
        must(jn_params_set_text(&p, name, value + 1, &err), &err);
    }
    return p;
}

static const char *const *names_of(const setup *s)
{
    static const char *const y[] = { "y", "n" };
    const bool wants = strncmp(s->model, "linear", 6) != 0 && strncmp(s->model, "gaussian", 8) != 0;
    return wants ? y : NULL;
}

static made make(const setup *s)
{
    made m;
    jn_table *data = NULL;
    jn_error err = JN_ERROR_INIT;
    if (s->rows > 0) {
        must(jn_table_new("data", s->rows, s->cols, names_of(s), s->data, &data), NULL);
    }
    jn_params set = params_of(s->set, 4), q_set = params_of(s->q_set, 3);
    must(jn_model_new(s->model, &set, data, &m.model, &err), &err);
    if (m.model->chain != NULL) {
        must(jn_path_proposal_new(s->q, &q_set, m.model, &m.q, &err), &err);
    } else if (strcmp(s->q, "prior") == 0 && m.model->type->own_proposal != NULL) {
        jn_params own = JN_PARAMS_INIT; /* of an oracle: its weights */
        const char *name = m.model->type->own_proposal(m.model->self, &own);
        must(jn_proposal_new(name, &own, m.model, &m.q, &err), &err);
        jn_params_free(&own);
    } else {
        must(jn_proposal_new(s->q, &q_set, m.model, &m.q, &err), &err);
    }
    jn_params_free(&set);
    jn_params_free(&q_set);
    jn_table_free(data);
    return m;
}

/* log p(x) of birthwt, found once: thousands of runs ask for it. */
static jn_estimate birthwt_evidence;

static jn_status known_evidence(const void *self, size_t row, jn_estimate *out)
{
    (void)self;
    (void)row;
    *out = birthwt_evidence;
    return JN_OK;
}

static void keep_evidence(jn_model *m)
{
    static jn_density with_evidence;
    jn_error err = JN_ERROR_INIT;
    const jn_exact_options o = { .tolerance = 1e-9 };
    must(jn_exact_all(m, &o, &birthwt_evidence, &err), &err);
    with_evidence = *m->density;
    with_evidence.evidence = known_evidence;
    m->density = &with_evidence;
}

/* Student's t about the mode: weights are bounded. */
static made make_birthwt(const char *csv, double df)
{
    enum { DIM = 2 };
    static const char *const names[] = { "y", "lwt" };
    made m;
    jn_mode mode;
    jn_table *file, *data;
    jn_error err = JN_ERROR_INIT;
    double cov[DIM * DIM] = { 0 };
    jn_params p = JN_PARAMS_INIT;
    must(jn_table_read(csv, &file, &err), &err);
    must(jn_table_select(file, 0, file->n_rows, names, 2, &data, &err), &err);
    must(jn_model_new("logistic", NULL, data, &m.model, &err), &err);
    keep_evidence(m.model);
    must(jn_target_mode(m.model, 0, &mode, &err), &err);
    for (size_t i = 0; i < DIM * DIM; i++) {
        for (size_t k = 0; k < DIM; k++) {
            cov[i] += mode.chol_cov[i / DIM * DIM + k] * mode.chol_cov[i % DIM * DIM + k];
        }
    }
    must(jn_params_set_matrix(&p, "mean", 1, DIM, mode.u), NULL);
    must(jn_params_set_matrix(&p, "cov", DIM, DIM, cov), NULL);
    must(jn_params_set_number(&p, "df", df), NULL);
    must(jn_proposal_new("student", &p, m.model, &m.q, &err), &err);
    jn_params_free(&p);
    jn_mode_free(&mode);
    jn_table_free(file);
    jn_table_free(data);
    return m;
}

made make_drawn(const pair *p, const char *csv)
{
    return p->birthwt > 0.0 ? make_birthwt(csv, p->birthwt) : make(&p->drawn);
}

made make_same(const pair *p, const char *csv)
{
    return p->same.model != NULL ? make(&p->same) : make_drawn(p, csv);
}

void made_free(made *m)
{
    jn_proposal_free(m->q);
    jn_model_free(m->model);
}
