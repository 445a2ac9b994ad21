#include "assertions.h"

#include <string.h>

#include "io/npy_header.h"

static jn_npy_header parse(const char *text)
{
    jn_npy_header h = { 0 };
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_npy_header_parse(text, strlen(text), "w.npy", &h, &err), &err);
    return h;
}

static void test_what_numpy_writes(void **state)
{
    (void)state;
    char shape[JN_NPY_SHAPE];
    jn_npy_header h = parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }    \n");
    assert_string_equal(h.descr, "<f8");
    assert_int_equal(h.kind, 'f');
    assert_int_equal(h.size, 8);
    assert_false(h.big_endian || h.fortran);
    assert_int_equal(h.ndim, 2);
    assert_string_equal(jn_npy_shape_text(&h, shape), "(3, 4)");
    h = parse("{'descr': '>i4', 'fortran_order': True, 'shape': (5,), }");
    assert_true(h.big_endian && h.fortran);
    assert_int_equal(h.kind, 'i');
    assert_int_equal(h.size, 4);
    assert_string_equal(jn_npy_shape_text(&h, shape), "(5,)");
    h = parse("{'descr': '|b1', 'fortran_order': False, 'shape': (), }");
    assert_int_equal(h.ndim, 0);
    assert_string_equal(jn_npy_shape_text(&h, shape), "()");
}

static void test_other_spellings_of_the_same(void **state)
{
    (void)state;
    jn_npy_header h = parse("{\"shape\":(3L,4L),\"fortran_order\":True,\"descr\":\"<u2\"}");
    assert_int_equal(h.shape[0], 3);
    assert_int_equal(h.shape[1], 4);
    assert_int_equal(h.kind, 'u');
    h = parse(" {'shape' : ( 3 , 4 , ) , 'descr' : '|u1' , 'fortran_order' : False } ");
    assert_int_equal(h.shape[1], 4);
}

#define KEYS                                                                                      \
    "w.npy: malformed .npy header: expected the keys 'descr', 'fortran_order' and 'shape', each " \
    "once"
#define SHAPE "w.npy: malformed .npy header: expected a shape such as (3, 4)"
#define HEAD  "{'descr': '<f8', 'fortran_order': False, 'shape': "
#define KINDS ": expected floats (f2, f4, f8), integers or booleans"

static void test_malformed_headers(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "", "w.npy: malformed .npy header: expected a dictionary in braces" },
        { "[1]", "w.npy: malformed .npy header: expected a dictionary in braces" },
        { "{}", KEYS },
        { "{'descr': '<f8', 'fortran_order': False}", KEYS },
        { "{'descr': '<f8', 'descr': '<f8'}", KEYS },
        { "{'a': 1}", KEYS },
        { "{'descr", KEYS },
        { "{'a key longer than any of ours': 1}", KEYS },
        { "{'descr' '<f8'}", KEYS },
        { "{'descr': '<f8' 'fortran_order': False}",
          "w.npy: malformed .npy header: expected a comma or }" },
        { "{'descr': 8}",
          "w.npy: malformed .npy header: expected a type such as '<f8' after 'descr'" },
        { "{'fortran_order': 1}",
          "w.npy: malformed .npy header: expected True or False after 'fortran_order'" },
        { HEAD "3}", SHAPE },
        { HEAD "(3}", SHAPE },
        { HEAD "(3 4)}", SHAPE },
        { HEAD "(-3,)}", SHAPE },
        { HEAD "(3.0,)}", SHAPE },
        { HEAD "(,)}", SHAPE },
        { HEAD "(3", SHAPE },
        { HEAD "(3)}", "w.npy: malformed .npy header: expected a shape such as (3,)" },
        { HEAD "(2, 3, 4)}", "w.npy has 3 dimensions: expected at most 2" },
        { HEAD "(99999999999999999999,)}", "w.npy: a shape too large for this machine" },
        { HEAD "(18446744073709551616,)}", "w.npy: a shape too large for this machine" },
        { HEAD "(3,)} x",
          "w.npy: malformed .npy header: expected nothing after the closing brace" },
        { "{'descr': '|O'}", "w.npy holds Python objects: expected floats, integers or booleans" },
        { "{'descr': [('a', '<f8')]}",
          "w.npy holds a structured array: expected one number an element" },
        { "{'descr': '<c16'}", "w.npy holds elements of type '<c16'" KINDS },
        { "{'descr': '<f16'}", "w.npy holds elements of type '<f16'" KINDS },
        { "{'descr': '<U4'}", "w.npy holds elements of type '<U4'" KINDS },
        { "{'descr': 'f8'}", "w.npy holds elements of type 'f8'" KINDS },
        { "{'descr': ''}", "w.npy holds elements of type ''" KINDS },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_npy_header h = { .ndim = 42 };
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_npy_header_parse(bad[i][0], strlen(bad[i][0]), "w.npy", &h, &err),
                         JN_ERR_VALUE);
        assert_string_equal(err.message, bad[i][1]);
        assert_int_equal(h.ndim, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_numpy_writes),
        cmocka_unit_test(test_other_spellings_of_the_same),
        cmocka_unit_test(test_malformed_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
