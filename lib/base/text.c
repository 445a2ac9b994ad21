#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

const char *jn_excerpt(const char *text, char buf[JN_EXCERPT])
{
    enum { SHOWN = JN_EXCERPT - 6 }; /* two quotes, three dots, NUL */
    size_t n = strnlen(text, SHOWN + 1);
    const char *dots = "";
    if (n > SHOWN) {
        n = SHOWN;
        dots = "...";
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    snprintf(buf, JN_EXCERPT, "'%.*s%s'", (int)n, text, dots);
    return buf;
}

typedef struct named {
    const char *name;
    size_t index;
} named;

static int by_name_then_index(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

jn_status jn_names_check(size_t n, const char *const *names, size_t *bad)
{
    named *sorted = jn_alloc(n, sizeof *sorted);
    if (sorted == NULL) {
        return JN_ERR_NOMEM;
    }
    size_t first = n;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = (named){ names[i], i };
        first = names[i][0] == '\0' && i < first ? i : first;
    }
    qsort(sorted, n, sizeof *sorted, by_name_then_index);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0 && sorted[i].index < first) {
            first = sorted[i].index;
        }
    }
    free(sorted);
    *bad = first;
    return JN_OK;
}
