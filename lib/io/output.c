#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

struct jn_output {
    int fd;
    FILE *file;
    char *target;    /* for messages and the rename; symbolic links resolved */
    char *temporary; /* NULL: written directly */
    bool closed;     /* the reader of the pipe has gone */
    int why;         /* errno of the first failure; 0: none */
};

static void free_output(jn_output *out)
{
    if (out != NULL) {
        free(out->target);
        free(out->temporary);
        free(out);
    }
}

/* write() without the SIGPIPE that would end the program: the signal is held back in this thread
 * and taken away if it was this write that raised it. */
static ssize_t write_quietly(int fd, const char *bytes, size_t n)
{
    sigset_t pipe_only, before, waiting;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&waiting);
    const bool was_waiting = sigismember(&waiting, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    const ssize_t written = write(fd, bytes, n);
    const int why = errno;
    if (written < 0 && why == EPIPE && !was_waiting) {
        const struct timespec now = { 0, 0 };
        while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return written;
}

/* fopencookie's write: all bytes, or 0 for an error. */
static ssize_t put(void *cookie, const char *bytes, size_t n)
{
    jn_output *out = cookie;
    size_t done = 0;
    while (done < n && !out->closed) {
        const ssize_t w = write_quietly(out->fd, bytes + done, n - done);
        if (w >= 0) {
            done += (size_t)w;
        } else if (errno == EPIPE) {
            out->closed = true;
        } else if (errno != EINTR) {
            out->why = out->why == 0 ? errno : out->why;
            return 0;
        }
    }
    return (ssize_t)n;
}

/* A new file in the folder of the target. A name of its own, since the target's may be as long as
 * names can be; open() rather than mkstemp(), so that the umask holds. */
static int open_temporary(jn_output *out)
{
    enum { ATTEMPTS = 1000, ROOM = 64 };
    const char *slash = strrchr(out->target, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - out->target) + 1;
    out->temporary = jn_alloc(folder + ROOM, 1);
    if (out->temporary == NULL) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(out->temporary, out->target, folder);
    for (int i = 0; i < ATTEMPTS; i++) {
        snprintf(out->temporary + folder, ROOM, ".jensen.%ld.%d.tmp", (long)getpid(), i);
        const int fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

/* 0, or errno. */
static int open_target(jn_output *out, const char *path)
{
    struct stat s;
    char resolved[PATH_MAX];
    const bool exists = stat(path, &s) == 0;
    const bool regular = exists && S_ISREG(s.st_mode);
    out->target = jn_strdup(regular && realpath(path, resolved) != NULL ? resolved : path);
    if (out->target == NULL) {
        return ENOMEM;
    }
    if (exists && !regular) {
        out->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return out->fd < 0 ? errno : 0;
    }
    if (regular && access(path, W_OK) != 0) {
        return errno; /* a rename would replace what must not be written */
    }
    out->fd = open_temporary(out);
    if (out->fd < 0) {
        return errno;
    }
    if (regular && fchmod(out->fd, s.st_mode & 07777) != 0) {
        return errno;
    }
    return 0;
}

static int open_standard(jn_output *out)
{
    out->target = jn_strdup("standard output");
    if (out->target == NULL) {
        return ENOMEM;
    }
    fflush(stdout); /* what was written before comes before */
    out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return out->fd < 0 ? errno : 0;
}

jn_status jn_output_open(const char *path, jn_output **out, jn_error *err)
{
    const bool standard = path == NULL || strcmp(path, "-") == 0;
    const char *name = standard ? "standard output" : path;
    jn_output *o = jn_alloc(1, sizeof *o);
    if (o == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %s", name);
    }
    o->fd = -1;
    int why = standard ? open_standard(o) : path[0] == '\0' ? ENOENT : open_target(o, path);
    if (why == 0) {
        const cookie_io_functions_t functions = { .write = put };
        o->file = fopencookie(o, "w", functions);
        why = o->file == NULL ? errno : 0;
    }
    if (why == 0) {
        setvbuf(o->file, NULL, _IOFBF, (size_t)1 << 16);
    }
    if (why != 0) {
        jn_output_discard(o);
        return jn_error_set(err, why == ENOMEM ? JN_ERR_NOMEM : JN_ERR_IO, "cannot write %s: %s",
                            name, strerror(why));
    }
    *out = o;
    return JN_OK;
}

FILE *jn_output_file(jn_output *out)
{
    return out->file;
}

/* The bytes reach the disk before the name does. Some file systems have no fsync. */
static int sync_to_disk(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

/* Best effort: the rename itself survives a power cut. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
             slash == NULL ? "." : path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

/* Everything written and closed, in that order; the first failure is kept. */
static void finish(jn_output *out)
{
    if (out->file != NULL) {
        const bool failed = ferror(out->file) != 0;
        if ((fclose(out->file) != 0 || failed) && out->why == 0) {
            out->why = EIO;
        }
        out->file = NULL;
    }
    if (out->why == 0 && out->temporary != NULL) {
        out->why = sync_to_disk(out->fd);
    }
    if (out->fd >= 0 && close(out->fd) != 0 && out->why == 0 && errno != EINTR) {
        out->why = errno;
    }
    out->fd = -1;
}

jn_status jn_output_commit(jn_output *out, jn_error *err)
{
    finish(out);
    if (out->why == 0 && out->temporary != NULL) {
        out->why = rename(out->temporary, out->target) == 0 ? 0 : errno;
    }
    jn_status status = JN_OK;
    if (out->why != 0) {
        status = jn_error_set(err, JN_ERR_IO, "cannot write %s: %s", out->target,
                              strerror(out->why));
        if (out->temporary != NULL) {
            unlink(out->temporary);
        }
    } else if (out->temporary != NULL) {
        sync_folder(out->target);
    }
    free_output(out);
    return status;
}

void jn_output_discard(jn_output *out)
{
    if (out == NULL) {
        return;
    }
    const bool made = out->fd >= 0 && out->temporary != NULL;
    out->closed = true; /* what is still in the buffer goes nowhere */
    out->why = EIO;     /* no sync */
    finish(out);
    if (made) {
        unlink(out->temporary);
    }
    free_output(out);
}
