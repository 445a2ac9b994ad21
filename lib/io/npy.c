#include "jensen/npy.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/input.h"
#include "io/npy_decode.h"
#include "io/npy_header.h"
#include "io/output.h"
#include "io/readers.h"

static const char magic[6] = "\x93NUMPY";

/* Longer than the header of any plain array; NumPy, too, distrusts what is longer. */
enum { HEADER_MOST = 1 << 16, CHUNK = 1 << 16 };

jn_status jn_npy_starts(jn_input *in, bool *npy, jn_error *err)
{
    const jn_status st = jn_input_starts(in, magic, sizeof magic, npy, err);
    const size_t length = strlen(in->name);
    const bool named = length > 4 && strcmp(in->name + length - 4, ".npy") == 0;
    if (st == JN_OK && named && !*npy) { /* read as text, its bytes would be numbers by chance */
        return jn_error_set(
            err, JN_ERR_VALUE,
            "%s is not a .npy file: it does not begin with \\x93NUMPY, whatever its name says",
            in->name);
    }
    return st;
}

/* Exactly n bytes. */
static jn_status take(jn_input *in, void *buf, size_t n, const char *what, jn_error *err)
{
    size_t got = 0;
    const jn_status status = jn_input_take(in, buf, n, &got, err);
    if (status == JN_OK && got < n) {
        return jn_error_set(err, JN_ERR_VALUE, "%s ends inside %s: %zu of %zu bytes", in->name,
                            what, got, n);
    }
    return status;
}

/* Magic, version and length; *length is that of the dictionary. */
static jn_status read_start(jn_input *in, size_t *length, jn_error *err)
{
    unsigned char start[8], size[4] = { 0 };
    bool npy = false;
    jn_status status = jn_npy_starts(in, &npy, err);
    if (status == JN_OK && !npy) {
        status = jn_error_set(err, JN_ERR_VALUE,
                              "%s is not a .npy file: it does not begin with \\x93NUMPY", in->name);
    }
    status = status == JN_OK ? take(in, start, sizeof start, "the .npy header", err) : status;
    if (status != JN_OK) {
        return status;
    }
    if (start[6] < 1 || start[6] > 3 || start[7] != 0) {
        return jn_error_set(err, JN_ERR_VALUE, "%s is .npy version %d.%d: expected 1.0, 2.0 or 3.0",
                            in->name, start[6], start[7]);
    }
    status = take(in, size, start[6] == 1 ? 2 : 4, "the .npy header", err);
    if (status != JN_OK) {
        return status;
    }
    *length = (size_t)size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 |
              (size_t)size[3] << 24;
    if (*length > HEADER_MOST) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s: a .npy header of %zu bytes: expected at most %d", in->name,
                            *length, HEADER_MOST);
    }
    return JN_OK;
}

static jn_status read_header(jn_input *in, jn_npy_header *h, jn_error *err)
{
    size_t length = 0;
    jn_status status = read_start(in, &length, err);
    if (status != JN_OK) {
        return status;
    }
    char *text = jn_alloc(length, 1);
    if (text == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %s", in->name);
    }
    status = take(in, text, length, "the .npy header", err);
    if (status == JN_OK) {
        status = jn_npy_header_parse(text, length, in->name, h, err);
    }
    free(text);
    return status;
}

/* Number of elements, checked against the length of the file where that is known. */
static jn_status count_elements(const jn_input *in, const jn_npy_header *h, size_t *n,
                                jn_error *err)
{
    char shape[JN_NPY_SHAPE];
    const size_t rows = h->ndim == 2 ? h->shape[0] : 1;
    const size_t cols = h->ndim == 2 ? h->shape[1] : h->ndim == 1 ? h->shape[0] : 1;
    jn_npy_shape_text(h, shape);
    if (rows == 0 || cols == 0) {
        return jn_error_set(err, JN_ERR_VALUE, "%s has shape %s: it holds no numbers", in->name,
                            shape);
    }
    if (rows > SIZE_MAX / sizeof(double) / cols) {
        return jn_error_set(err, JN_ERR_VALUE, "%s: shape %s is too large for this machine",
                            in->name, shape);
    }
    *n = rows * cols;
    if (in->sized && in->left != *n * h->size) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s: shape %s of '%s' takes %zu bytes, but %ju follow the header",
                            in->name, shape, h->descr, *n * h->size, (uintmax_t)in->left);
    }
    return JN_OK;
}

static jn_status wrong_length(const jn_input *in, const jn_npy_header *h, size_t elements,
                              const char *what, jn_error *err)
{
    char shape[JN_NPY_SHAPE];
    return jn_error_set(err, JN_ERR_VALUE, "%s: shape %s of '%s' takes %zu bytes, but %s", in->name,
                        jn_npy_shape_text(h, shape), h->descr, elements * h->size, what);
}

/* Elements start..start+count-1; raw is scratch of CHUNK bytes. */
static jn_status read_chunk(jn_input *in, const jn_npy_header *h, size_t n, size_t start,
                            size_t count, unsigned char *raw, double *x, jn_error *err)
{
    size_t got = 0;
    const jn_status status = jn_input_take(in, raw, count * h->size, &got, err);
    if (status != JN_OK) {
        return status;
    }
    if (got < count * h->size) {
        return wrong_length(in, h, n, "the input ends before", err);
    }
    const size_t done = jn_npy_decode(h, raw, count, x + start);
    if (done < count) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s: element %zu is an integer beyond 2^53, which a double cannot hold",
                            in->name, start + done);
    }
    return JN_OK;
}

/* n elements in the order of the file. An input of unknown length gets memory as its bytes come. */
static jn_status read_elements(jn_input *in, const jn_npy_header *h, size_t n, double **out,
                               jn_error *err)
{
    unsigned char raw[CHUNK];
    const size_t step = CHUNK / h->size;
    size_t room = in->sized || n < step ? n : step;
    double *x = jn_alloc(room, sizeof *x);
    jn_status status = JN_OK;
    for (size_t start = 0; start < n && x != NULL && status == JN_OK; start += step) {
        const size_t count = n - start < step ? n - start : step;
        if (start + count > room) {
            room = n / 2 < room ? n : 2 * room;
            double *grown = jn_realloc(x, room, sizeof *x);
            if (grown == NULL) {
                free(x);
                x = NULL;
                break;
            }
            x = grown;
        }
        status = read_chunk(in, h, n, start, count, raw, x, err);
    }
    if (x == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %s", in->name);
    }
    size_t more = 0;
    status = status == JN_OK ? jn_input_take(in, raw, 1, &more, err) : status;
    if (status == JN_OK && more > 0) {
        status = wrong_length(in, h, n, "more follow", err);
    }
    if (status != JN_OK) {
        free(x);
        return status;
    }
    *out = x;
    return JN_OK;
}

/* From columns to rows; takes `x` over. NULL: out of memory. */
static double *by_rows(double *x, size_t rows, size_t cols)
{
    double *turned = jn_alloc(rows * cols, sizeof *turned);
    for (size_t r = 0; turned != NULL && r < rows; r++) {
        for (size_t c = 0; c < cols; c++) {
            turned[r * cols + c] = x[c * rows + r];
        }
    }
    free(x);
    return turned;
}

jn_status jn_npy_read_input(jn_input *in, jn_matrix *out, jn_error *err)
{
    jn_npy_header h = { 0 };
    size_t n = 0;
    double *x = NULL;
    jn_status status = read_header(in, &h, err);
    status = status == JN_OK ? count_elements(in, &h, &n, err) : status;
    status = status == JN_OK ? read_elements(in, &h, n, &x, err) : status;
    if (status != JN_OK) {
        return status;
    }
    const size_t rows = h.ndim == 2 ? h.shape[0] : 1, cols = n / rows;
    if (h.fortran && rows > 1 && cols > 1) {
        x = by_rows(x, rows, cols);
        if (x == NULL) {
            return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %s", in->name);
        }
    }
    *out = (jn_matrix){ .rows = rows, .cols = cols, .ndim = h.ndim, .x = x };
    return JN_OK;
}

jn_status jn_npy_read(const char *path, jn_matrix *out, jn_error *err)
{
    jn_input in;
    jn_status status = jn_input_open(path, &in, err);
    if (status == JN_OK) {
        status = jn_npy_read_input(&in, out, err);
        jn_input_close(&in);
    }
    return status;
}

/* Little-endian bytes whatever the machine. */
static void put_doubles(FILE *f, const double *x, size_t n)
{
    unsigned char raw[4096];
    for (size_t i = 0; i < n;) {
        size_t used = 0;
        for (; i < n && used < sizeof raw; i++) {
            uint64_t bits;
            memcpy(&bits, &x[i], sizeof bits);
            for (int b = 0; b < 8; b++) {
                raw[used++] = (unsigned char)(bits >> 8 * b);
            }
        }
        fwrite(raw, 1, used, f);
    }
}

jn_status jn_npy_write(const char *path, const jn_matrix *m, jn_error *err)
{
    char dictionary[160], shape[JN_NPY_SHAPE];
    const jn_npy_header h = { .ndim = m->ndim,
                              .shape = { m->ndim == 2 ? m->rows : m->cols, m->cols } };
    jn_output *out;
    const jn_status status = jn_output_open(path, &out, err);
    if (status != JN_OK) {
        return status;
    }
    FILE *f = jn_output_file(out);
    const int n = snprintf(dictionary, sizeof dictionary,
                           "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }",
                           jn_npy_shape_text(&h, shape));
    /* blanks, so that the data begin at a multiple of 64 bytes, and a newline */
    const int padded = (10 + n + 1 + 63) / 64 * 64 - 10;
    fwrite(magic, 1, sizeof magic, f);
    fputc(1, f);
    fputc(0, f);
    fputc(padded & 255, f);
    fputc(padded >> 8, f);
    fprintf(f, "%-*s\n", padded - 1, dictionary);
    put_doubles(f, m->x, m->rows * m->cols);
    return jn_output_commit(out, err);
}
