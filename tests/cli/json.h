/* The program's JSON, read. */
#ifndef JN_TESTS_CLI_JSON_H
#define JN_TESTS_CLI_JSON_H

#include <jansson.h>

#include "../assertions.h"
#include "program.h"

/* What a command line prints; exit status `code`. Free with json_decref. */
static inline json_t *run_json(const char *line, int code)
{
    outcome o = run_program(line, NULL, NULL);
    if (o.code != code) {
        print_error("%s: exit %d: %s\n", line, o.code, o.err);
    }
    assert_int_equal(o.code, code);
    json_t *root = json_loads(o.out, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    outcome_free(&o);
    return root;
}

static inline double real_at(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    assert_true(json_is_number(v));
    return json_number_value(v);
}

#endif
