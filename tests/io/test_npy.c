#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "jensen/npy.h"
#include "malloc_sweep.h"
#include "scratch.h"

/* A .npy file byte by byte; `data` as it stands in the file. Returns its length. */
static size_t build(unsigned char *file, int version, const char *dictionary, const void *data,
                    size_t n)
{
    const size_t length = strlen(dictionary), start = version == 1 ? 10 : 12;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (unsigned char)version;
    file[7] = 0;
    memset(file + 8, 0, 4);
    file[8] = (unsigned char)(length & 255);
    file[9] = (unsigned char)(length >> 8);
    memcpy(file + start, dictionary, length);
    memcpy(file + start + length, data, n);
    return start + length + n;
}

static void dictionary(char *buf, const char *descr, const char *order, const char *shape)
{
    sprintf(buf, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, order, shape);
}

static jn_matrix read_back(const char *descr, const char *order, const char *shape,
                           const void *data, size_t n)
{
    unsigned char file[1024];
    char header[256];
    dictionary(header, descr, order, shape);
    jn_matrix m = JN_MATRIX_INIT;
    for (int version = 1; version <= 3; version++) {
        jn_error err = JN_ERROR_INIT;
        jn_matrix_free(&m);
        jn_scratch_file("w.npy", file, build(file, version, header, data, n));
        assert_ok(jn_npy_read("w.npy", &m, &err), &err);
    }
    return m;
}

static void expect(const char *descr, const void *data, size_t n, size_t count, const double *want)
{
    char shape[32];
    snprintf(shape, sizeof shape, "(%zu,)", count);
    jn_matrix m = read_back(descr, "False", shape, data, n);
    assert_int_equal(m.rows, 1);
    assert_int_equal(m.cols, count);
    assert_int_equal(m.ndim, 1);
    for (size_t i = 0; i < count; i++) {
        assert_close(m.x[i], want[i], 0.0, 0.0); /* every conversion is exact */
    }
    jn_matrix_free(&m);
}

/* Bytes written out by hand from IEEE 754 and two's complement. */
static void test_every_type_in_both_byte_orders(void **state)
{
    (void)state;
    const double a[] = { 1.0, -2.5 };
    expect("<f8", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\xc0", 16, 2, a);
    expect(">f8", "\x3f\xf0\0\0\0\0\0\0\xc0\x04\0\0\0\0\0\0", 16, 2, a);
    expect("<f4", "\0\0\x80\x3f\0\0\x20\xc0", 8, 2, a);
    expect(">f4", "\x3f\x80\0\0\xc0\x20\0\0", 8, 2, a);
    expect("<f2", "\0\x3c\0\xc1", 4, 2, a);
    expect(">f2", "\x3c\0\xc1\0", 4, 2, a);
    const double half[] = { 65504.0, 5.9604644775390625e-08, -INFINITY, 6.103515625e-05 };
    expect("<f2", "\xff\x7b\x01\0\0\xfc\0\x04", 8, 4, half);
    const double b[] = { 1.0, -2.0 };
    expect("|i1", "\x01\xfe", 2, 2, b);
    expect("<i2", "\x01\0\xfe\xff", 4, 2, b);
    expect(">i2", "\0\x01\xff\xfe", 4, 2, b);
    expect("<i4", "\x01\0\0\0\xfe\xff\xff\xff", 8, 2, b);
    expect(">i8", "\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xfe", 16, 2, b);
    const double c[] = { 1.0, 254.0 }, d[] = { 1.0, 65534.0 };
    expect("|u1", "\x01\xfe", 2, 2, c);
    expect("<u2", "\x01\0\xfe\xff", 4, 2, d);
    const double e[] = { 4294967294.0 }, f[] = { 9007199254740992.0 }, g[] = { -128.0 };
    expect(">u4", "\xff\xff\xff\xfe", 4, 1, e);
    expect("<u8", "\0\0\0\0\0\0\x20\0", 8, 1, f);
    expect("|i1", "\x80", 1, 1, g);
    const double h[] = { 0.0, 1.0 };
    expect("|b1", "\0\x01", 2, 2, h);
    jn_matrix m = read_back("<f2", "False", "()", "\x01\x7e", 2);
    assert_true(isnan(m.x[0]));
    assert_int_equal(m.ndim, 0);
    jn_matrix_free(&m);
}

static void test_orders_and_shapes(void **state)
{
    (void)state;
    const unsigned char data[] = { 1, 2, 3, 4, 5, 6 };
    jn_matrix m = read_back("|u1", "False", "(2, 3)", data, 6);
    assert_int_equal(m.rows, 2);
    assert_int_equal(m.cols, 3);
    assert_close(m.x[1], 2.0, 0.0, 0.0);
    assert_close(m.x[3], 4.0, 0.0, 0.0);
    jn_matrix_free(&m);
    m = read_back("|u1", "True", "(2, 3)", data, 6);
    assert_close(m.x[1], 3.0, 0.0, 0.0); /* row 0 is 1 3 5 */
    assert_close(m.x[2], 5.0, 0.0, 0.0);
    assert_close(m.x[3], 2.0, 0.0, 0.0);
    jn_matrix_free(&m);
    m = read_back("|u1", "True", "(6, 1)", data, 6);
    assert_int_equal(m.rows, 6);
    assert_close(m.x[5], 6.0, 0.0, 0.0);
    jn_matrix_free(&m);
    m = read_back("|u1", "True", "(6,)", data, 6);
    assert_int_equal(m.rows, 1);
    jn_matrix_free(&m);
}

static void expect_error(const void *file, size_t n, const char *message)
{
    jn_matrix m = { .rows = 42 };
    jn_error err = JN_ERROR_INIT;
    jn_scratch_file("w.npy", file, n);
    assert_int_equal(jn_npy_read("w.npy", &m, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, message);
    /* the same bytes through a pipe: an error, too, if in other words */
    jn_scratch_stdin(file, n);
    const jn_status piped = jn_npy_read("-", &m, &err);
    jn_scratch_stdin_restore();
    assert_int_equal(piped, JN_ERR_VALUE);
    assert_int_equal(strncmp(err.message, "standard input", 14), 0);
    assert_int_equal(m.rows, 42);
}

static void expect_data_error(const char *descr, const char *shape, const void *data, size_t n,
                              const char *message)
{
    unsigned char file[1024];
    char header[256];
    dictionary(header, descr, "False", shape);
    expect_error(file, build(file, 1, header, data, n), message);
}

static void test_data_that_do_not_fit_the_header(void **state)
{
    (void)state;
    const double x[4] = { 1, 2, 3, 4 };
    expect_data_error("<f8", "(2, 3)", x, 32,
                      "w.npy: shape (2, 3) of '<f8' takes 48 bytes, but 32 follow the header");
    expect_data_error("<f8", "(3,)", x, 32,
                      "w.npy: shape (3,) of '<f8' takes 24 bytes, but 32 follow the header");
    expect_data_error("<f8", "(4,)", x, 31,
                      "w.npy: shape (4,) of '<f8' takes 32 bytes, but 31 follow the header");
    expect_data_error("<f8", "()", x, 0,
                      "w.npy: shape () of '<f8' takes 8 bytes, but 0 follow the header");
    expect_data_error("<f8", "(0,)", x, 0, "w.npy has shape (0,): it holds no numbers");
    expect_data_error("<f8", "(3, 0)", x, 0, "w.npy has shape (3, 0): it holds no numbers");
    expect_data_error("|u1", "(4294967296, 4294967296)", x, 8,
                      "w.npy: shape (4294967296, 4294967296) is too large for this machine");
    expect_data_error("<f8", "(2305843009213693951,)", x, 8,
                      "w.npy: shape (2305843009213693951,) of '<f8' takes 18446744073709551608 "
                      "bytes, but 8 follow the header");
    expect_data_error("<i8", "(1,)", "\x01\0\0\0\0\0\x20\0", 8,
                      "w.npy: element 0 is an integer beyond 2^53, which a double cannot hold");
    expect_data_error("<i8", "(2,)", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", 16,
                      "w.npy: element 1 is an integer beyond 2^53, which a double cannot hold");
}

static void test_headers_that_lie(void **state)
{
    (void)state;
    unsigned char file[1024];
    char header[256];
    const double x = 1.0;
    dictionary(header, "<f8", "False", "(1,)");
    const size_t n = build(file, 1, header, &x, 8), length = strlen(header);
    file[8] = (unsigned char)(length + 100);
    char message[200];
    snprintf(message, sizeof message, "w.npy ends inside the .npy header: %zu of %zu bytes",
             length + 8, length + 100);
    expect_error(file, n, message);
    file[8] = 20;
    expect_error(file, n,
                 "w.npy: malformed .npy header: expected the keys 'descr', 'fortran_order' and "
                 "'shape', each once");
    build(file, 2, header, &x, 8);
    memset(file + 8, 255, 4);
    expect_error(file, n, "w.npy: a .npy header of 4294967295 bytes: expected at most 65536");
}

static void test_what_is_no_npy_file(void **state)
{
    (void)state;
    expect_error("", 0,
                 "w.npy is not a .npy file: it does not begin with "
                 "\\x93NUMPY, whatever its name says");
    expect_error("\x93NUMP", 5,
                 "w.npy is not a .npy file: it does not begin with "
                 "\\x93NUMPY, whatever its name says");
    expect_error("1,2,3\n", 6,
                 "w.npy is not a .npy file: it does not begin with "
                 "\\x93NUMPY, whatever its name says");
    expect_error("\x93NUMPY", 6, "w.npy ends inside the .npy header: 6 of 8 bytes");
    expect_error("\x93NUMPY\x01\0\x10", 9, "w.npy ends inside the .npy header: 1 of 2 bytes");
    expect_error("\x93NUMPY\x04\0\x10\0", 10,
                 "w.npy is .npy version 4.0: expected 1.0, 2.0 or 3.0");
    expect_error("\x93NUMPY\x01\x01\x10\0", 10,
                 "w.npy is .npy version 1.1: expected 1.0, 2.0 or 3.0");
    jn_matrix m = { .rows = 42 };
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_npy_read("gone.npy", &m, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot open gone.npy: No such file or directory");
    assert_int_equal(m.rows, 42);
}

static void test_written_files_read_back_the_same(void **state)
{
    (void)state;
    double x[] = { 1.5, -0.0, INFINITY, -INFINITY, NAN, 5e-324 };
    const jn_matrix shapes[] = { { 2, 3, 2, x }, { 1, 6, 1, x }, { 6, 1, 2, x }, { 1, 1, 0, x } };
    for (size_t i = 0; i < 4; i++) {
        jn_matrix m = JN_MATRIX_INIT;
        jn_error err = JN_ERROR_INIT;
        assert_ok(jn_npy_write("out.npy", &shapes[i], &err), &err);
        assert_ok(jn_npy_read("out.npy", &m, &err), &err);
        assert_int_equal(m.rows, shapes[i].rows);
        assert_int_equal(m.cols, shapes[i].cols);
        assert_int_equal(m.ndim, shapes[i].ndim);
        assert_memory_equal(m.x, x, m.rows * m.cols * sizeof *x);
        jn_matrix_free(&m);
    }
}

/* By numpy/lib/format.py: the dictionary in this spelling, blanks and a newline up to a multiple of
 * 64 bytes, then the element. */
static void test_written_bytes(void **state)
{
    (void)state;
    double x[] = { 1.5 };
    const jn_matrix m = { 1, 1, 2, x };
    size_t n = 0;
    assert_ok(jn_npy_write("out.npy", &m, NULL), NULL);
    char *got = jn_scratch_contents("out.npy", &n);
    assert_int_equal(n, 128 + 8);
    static const char start[] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, "
                                "'shape': (1, 1), }   ";
    assert_memory_equal(got, start, sizeof start - 1);
    assert_int_equal(got[126], ' ');
    assert_int_equal(got[127], '\n');
    assert_memory_equal(got + 128, "\0\0\0\0\0\0\xf8\x3f", 8);
    free(got);
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_npy_write("no/such/out.npy", &m, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot write no/such/out.npy: No such file or directory");
}

/* More than one block, through a file and a pipe, and in Fortran order. */
static void test_large_arrays(void **state)
{
    (void)state;
    enum { ROWS = 300, COLS = 200, N = ROWS * COLS };
    jn_matrix m = { ROWS, COLS, 2, calloc(N, sizeof(double)) };
    for (int i = 0; i < N; i++) {
        m.x[i] = i;
    }
    assert_ok(jn_npy_write("big.npy", &m, NULL), NULL);
    size_t n = 0;
    char *file = jn_scratch_contents("big.npy", &n);
    for (int piped = 0; piped < 2; piped++) {
        jn_matrix got = JN_MATRIX_INIT;
        if (piped) {
            jn_scratch_stdin(file, n);
        }
        const jn_status status = jn_npy_read(piped ? "-" : "big.npy", &got, NULL);
        if (piped) {
            jn_scratch_stdin_restore();
        }
        assert_ok(status, NULL);
        assert_memory_equal(got.x, m.x, N * sizeof *m.x);
        jn_matrix_free(&got);
    }
    memcpy(strstr(file + 10, "False"), " True", 5);
    jn_scratch_file("turned.npy", file, n);
    jn_matrix got = JN_MATRIX_INIT;
    assert_ok(jn_npy_read("turned.npy", &got, NULL), NULL);
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLS; c++) {
            assert_close(got.x[r * COLS + c], c * ROWS + r, 0.0, 0.0);
        }
    }
    jn_matrix_free(&got);
    jn_matrix_free(&m);
    free(file);
}

/* A pipe that promises 2^60 elements and holds a few blocks gets memory for what comes. */
static void test_promises_through_a_pipe(void **state)
{
    (void)state;
    enum { N = 20000 };
    unsigned char *file = calloc(N + 128, 8);
    double *x = calloc(N, sizeof *x);
    char header[256];
    dictionary(header, "<f8", "False", "(1152921504606846976,)");
    jn_matrix m = { .rows = 42 };
    jn_error err = JN_ERROR_INIT;
    jn_scratch_stdin(file, build(file, 1, header, x, N * sizeof *x));
    const jn_status status = jn_npy_read("-", &m, &err);
    jn_scratch_stdin_restore();
    assert_int_equal(status, JN_ERR_VALUE);
    assert_string_equal(err.message, "standard input: shape (1152921504606846976,) of '<f8' takes "
                                     "9223372036854775808 bytes, but the input ends before");
    assert_int_equal(m.rows, 42);
    free(file);
    free(x);
}

static jn_status attempt_read(void *path)
{
    jn_matrix m = { .rows = 42 };
    const jn_status status = jn_npy_read(path, &m, NULL);
    if (status == JN_OK) {
        jn_matrix_free(&m);
    } else {
        assert_int_equal(m.rows, 42);
    }
    return status;
}

static jn_status attempt_write(void *m)
{
    const int before = jn_scratch_count();
    const jn_status status = jn_npy_write("new.npy", m, NULL);
    assert_int_equal(jn_scratch_count(), before + (status == JN_OK));
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    char turned[] = "turned.npy";
    assert_true(jn_malloc_sweep(attempt_read, turned) >= 3);
    double x[] = { 1.5 };
    jn_matrix m = { 1, 1, 2, x };
    assert_true(jn_malloc_sweep(attempt_write, &m) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_in_both_byte_orders),
        cmocka_unit_test(test_orders_and_shapes),
        cmocka_unit_test(test_data_that_do_not_fit_the_header),
        cmocka_unit_test(test_headers_that_lie),
        cmocka_unit_test(test_what_is_no_npy_file),
        cmocka_unit_test(test_written_files_read_back_the_same),
        cmocka_unit_test(test_written_bytes),
        cmocka_unit_test(test_large_arrays),
        cmocka_unit_test(test_promises_through_a_pipe),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
