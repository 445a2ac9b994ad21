#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assertions.h"

static char folder[64], before[4096];
static int real_stdin = -1;
static pid_t writer = -1;

int jn_scratch_enter(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/jensen-test-XXXXXX");
    return getcwd(before, sizeof before) == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0;
}

/* Names in the working directory but for "." and ".."; removes them when asked to. */
static int count_entries(int remove_them)
{
    DIR *d = opendir(".");
    int n = 0;
    for (struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            n++;
            if (remove_them) {
                (void)remove(e->d_name);
            }
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    return n;
}

int jn_scratch_leave(void **state)
{
    (void)state;
    (void)count_entries(1);
    return chdir(before) != 0 || rmdir(folder) != 0;
}

int jn_scratch_count(void)
{
    return count_entries(0);
}

const char *jn_scratch_file(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return name;
}

const char *jn_scratch_text(const char *name, const char *text)
{
    return jn_scratch_file(name, text, strlen(text));
}

char *jn_scratch_contents(const char *name, size_t *n)
{
    struct stat s;
    assert_int_equal(stat(name, &s), 0);
    char *text = calloc((size_t)s.st_size + 1, 1);
    FILE *f = fopen(name, "rb");
    assert_true(text != NULL && f != NULL);
    assert_int_equal(fread(text, 1, (size_t)s.st_size, f), s.st_size);
    fclose(f);
    if (n != NULL) {
        *n = (size_t)s.st_size;
    }
    return text;
}

/* A child writes, so that any number of bytes fits through the pipe. */
void jn_scratch_stdin(const void *bytes, size_t n)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    real_stdin = dup(STDIN_FILENO);
    writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        close(ends[0]);
        for (size_t done = 0; done < n;) {
            const ssize_t w = write(ends[1], (const char *)bytes + done, n - done);
            if (w <= 0) {
                break;
            }
            done += (size_t)w;
        }
        _exit(0);
    }
    close(ends[1]);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
}

void jn_scratch_stdin_restore(void)
{
    if (real_stdin >= 0) {
        dup2(real_stdin, STDIN_FILENO);
        close(real_stdin);
    } else {
        close(STDIN_FILENO);
    }
    real_stdin = -1;
    (void)waitpid(writer, NULL, 0);
}
