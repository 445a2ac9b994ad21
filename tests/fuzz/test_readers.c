/* Mutations of valid files through the readers: whatever the bytes, a table or matrix that is what
 * it says, or an error of one line. Built with ASan and UBSan this finds reads outside the file. */
#include "assertions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jensen/csv.h"
#include "jensen/npy.h"

enum { MOST = 4096, ROUNDS = 20000 };

static uint64_t random_state;

static uint64_t next_random(void) /* xorshift64 (Marsaglia 2003) */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t below(size_t n)
{
    return n == 0 ? 0 : (size_t)(next_random() >> 11) % n;
}

/* One of: a byte changed, a bit turned, a piece cut, doubled, or moved, a piece of another seed, a
 * byte that means something to the formats. */
static size_t mutate(unsigned char *bytes, size_t n)
{
    static const char telling[] = "\",;\n\r\0(){}':L0-<>|9f8eE.+\t \xef\xbb\xbf\xff";
    const size_t at = below(n), length = below(n - at < 16 ? n - at : 16);
    switch (below(6)) {
    case 0:
        bytes[at] = (unsigned char)next_random();
        return n;
    case 1:
        bytes[at] ^= (unsigned char)(1 << below(8));
        return n;
    case 2:
        memmove(bytes + at, bytes + at + length, n - at - length);
        return n - length;
    case 3:
        if (n + length > MOST) {
            return n;
        }
        memmove(bytes + at + length, bytes + at, n - at);
        return n + length;
    case 4:
        return at;
    default:
        bytes[at] = (unsigned char)telling[below(sizeof telling)];
        return n;
    }
}

typedef struct corpus {
    int fd;
    char path[64];
} corpus;

static corpus open_corpus(void)
{
    corpus c = { .fd = memfd_create("fuzz", 0) };
    assert_true(c.fd >= 0);
    snprintf(c.path, sizeof c.path, "/proc/self/fd/%d", c.fd);
    return c;
}

static void put(const corpus *c, const unsigned char *bytes, size_t n)
{
    assert_int_equal(ftruncate(c->fd, (off_t)n), 0);
    assert_int_equal(pwrite(c->fd, bytes, n, 0), n);
}

static void check_error(jn_status status, const jn_error *err)
{
    assert_int_equal(status, JN_ERR_VALUE);
    assert_true(strlen(err->message) > 5);
    assert_null(strpbrk(err->message, "\r\n"));
}

static int read_as_table(const corpus *c)
{
    const jn_csv_options tabs = { .separator = '\t' };
    jn_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    const jn_status status = jn_csv_read(c->path, next_random() % 4 == 0 ? &tabs : NULL, &t, &err);
    if (status != JN_OK) {
        check_error(status, &err);
        return 0;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < t->n_rows * t->n_cols; i++) {
        bytes += strlen(t->cells[i]);
    }
    assert_true(bytes <= MOST);
    double *x = calloc(t->n_rows, sizeof *x);
    for (size_t col = 0; col < t->n_cols; col++) {
        (void)!jn_table_numbers(t, col, x, &err);
    }
    free(x);
    jn_table_free(t);
    return 1;
}

static volatile double touched; /* so that every number is read */

static int read_as_matrix(const corpus *c)
{
    jn_matrix m = JN_MATRIX_INIT;
    jn_error err = JN_ERROR_INIT;
    const jn_status status = jn_matrix_read(c->path, &m, &err);
    if (status != JN_OK) {
        check_error(status, &err);
        return 0;
    }
    double sum = 0.0;
    for (size_t i = 0; i < m.rows * m.cols; i++) {
        sum += m.x[i];
    }
    touched = sum;
    jn_matrix_free(&m);
    return 1;
}

static void fuzz(const unsigned char *seed, size_t n, int (*read_it)(const corpus *))
{
    unsigned char bytes[MOST];
    const corpus c = open_corpus();
    int good = 0;
    random_state = 88172645463325252u;
    put(&c, seed, n);
    assert_int_equal(read_it(&c), 1); /* the seed itself is valid */
    for (int i = 0; i < ROUNDS; i++) {
        size_t length = n;
        memcpy(bytes, seed, n);
        for (size_t changes = 1 + below(4); changes > 0 && length > 0; changes--) {
            length = mutate(bytes, length);
        }
        put(&c, bytes, length);
        good += read_it(&c);
    }
    close(c.fd);
    /* the mutations reach both sides of the readers */
    assert_true(good > ROUNDS / 100 && good < ROUNDS);
}

static void test_csv_tables(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbfy,\"group, name\",x\r\n1,\"a \"\"b\"\"\",3e5\r\n"
                               "2,\"two\nlines\",-.25\n3, c ,0.12345678901234567890\n";
    fuzz((const unsigned char *)text, sizeof text - 1, read_as_table);
}

static void test_csv_matrices(void **state)
{
    (void)state;
    static const char text[] = "1,2,3e5\n-inf,\"4\", 5 \n1e-310,nan,123456789012345678901\n";
    fuzz((const unsigned char *)text, sizeof text - 1, read_as_matrix);
}

static void test_npy_files(void **state)
{
    (void)state;
    static const char *const types[] = { "<f8", ">f4", "<i2", "|u1" };
    static const size_t sizes[] = { 8, 4, 2, 1 };
    for (int i = 0; i < 4; i++) {
        unsigned char file[256] = { 0 };
        memcpy(file, "\x93NUMPY\x01\0", 8);
        const int length = snprintf((char *)file + 10, 100,
                                    "{'descr': '%s', 'fortran_order': %s, 'shape': (2, 3), }\n",
                                    types[i], i % 2 ? "True" : "False");
        file[8] = (unsigned char)length;
        fuzz(file, 10 + (size_t)length + 6 * sizes[i], read_as_matrix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_tables),
        cmocka_unit_test(test_csv_matrices),
        cmocka_unit_test(test_npy_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
