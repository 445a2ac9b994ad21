#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

jn_status jn_input_open(const char *path, jn_input *in, jn_error *err)
{
    const bool standard = strcmp(path, "-") == 0;
    jn_input opened = { .fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC),
                        .name = standard ? "standard input" : path };
    struct stat s;
    if (opened.fd < 0 || fstat(opened.fd, &s) != 0) {
        const int why = errno;
        jn_input_close(&opened);
        return jn_error_set(err, JN_ERR_IO, "cannot open %s: %s", opened.name, strerror(why));
    }
    if (S_ISDIR(s.st_mode)) {
        jn_input_close(&opened);
        return jn_error_set(err, JN_ERR_IO, "cannot read %s: it is a directory", opened.name);
    }
    const off_t here = S_ISREG(s.st_mode) ? lseek(opened.fd, 0, SEEK_CUR) : -1;
    /* files made by the kernel, as in /proc, say 0 and are not empty */
    if (here >= 0 && here <= s.st_size && s.st_size > 0) {
        opened.sized = true;
        opened.left = (uint64_t)(s.st_size - here);
    }
    *in = opened;
    return JN_OK;
}

void jn_input_close(jn_input *in)
{
    if (in->fd > STDIN_FILENO) {
        close(in->fd);
    }
    in->fd = -1;
}

/* read() until n bytes are there or the input ends. */
static jn_status read_all(jn_input *in, char *buf, size_t n, size_t *got, jn_error *err)
{
    const size_t most = (size_t)1 << 30; /* one read() has a limit */
    size_t have = 0;
    while (have < n) {
        const ssize_t r = read(in->fd, buf + have, n - have < most ? n - have : most);
        if (r < 0 && errno == EINTR) {
            continue;
        }
        if (r < 0) {
            return jn_error_set(err, JN_ERR_IO, "cannot read %s: %s", in->name, strerror(errno));
        }
        if (r == 0) {
            break;
        }
        have += (size_t)r;
    }
    *got = have;
    return JN_OK;
}

jn_status jn_input_take(jn_input *in, void *buf, size_t n, size_t *got, jn_error *err)
{
    const size_t before = n < in->n_ahead ? n : in->n_ahead;
    size_t after = 0;
    const jn_status status = read_all(in, (char *)buf + before, n - before, &after, err);
    if (status != JN_OK) {
        return status;
    }
    memcpy(buf, in->ahead, before);
    memmove(in->ahead, in->ahead + before, in->n_ahead - before);
    in->n_ahead -= before;
    *got = before + after;
    in->left -= in->left < *got ? in->left : *got;
    return JN_OK;
}

jn_status jn_input_starts(jn_input *in, const void *bytes, size_t n, bool *starts, jn_error *err)
{
    if (in->n_ahead < n) {
        size_t got = 0;
        const jn_status status = read_all(in, in->ahead + in->n_ahead, n - in->n_ahead, &got, err);
        if (status != JN_OK) {
            return status;
        }
        in->n_ahead += got;
    }
    *starts = in->n_ahead >= n && memcmp(in->ahead, bytes, n) == 0;
    return JN_OK;
}

/* The next size of a block that has `used` bytes and needs more; 0: no larger one. */
static size_t next_size(size_t used)
{
    const size_t least = (size_t)1 << 16;
    return used < least ? least : used > SIZE_MAX / 2 ? 0 : 2 * used;
}

jn_status jn_input_text(jn_input *in, char **text, size_t *n, jn_error *err)
{
    size_t size = in->sized && in->left < SIZE_MAX - 2 ? (size_t)in->left + 2 : next_size(0);
    size_t used = 0;
    char *block = jn_alloc(size, 1);
    for (;;) {
        if (block == NULL) {
            return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %s", in->name);
        }
        size_t got = 0;
        const jn_status status = jn_input_take(in, block + used, size - used - 1, &got, err);
        if (status != JN_OK) {
            free(block);
            return status;
        }
        const bool ended = got < size - used - 1 || memchr(block + used, '\0', got) != NULL;
        used += got;
        if (ended) {
            break;
        }
        size = next_size(size);
        char *grown = size == 0 ? NULL : jn_realloc(block, size, 1);
        if (grown == NULL) {
            free(block);
        }
        block = grown;
    }
    block[used] = '\0';
    *text = block;
    *n = used;
    return JN_OK;
}
