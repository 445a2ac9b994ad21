#include "jensen/params.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 64 };

static int folded(char c)
{
    return c == '_' ? '-' : tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) between a and b, case and -/_ aside: the
 * "optimal string alignment" form of Damerau's distance. Three rows of the table suffice. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t row[3][LONGEST + 1];
    for (size_t j = 0; j <= nb; j++) {
        row[0][j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        size_t *const now = row[i % 3], *const last = row[(i + 2) % 3],
                      *const older = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const size_t differ = folded(a[i - 1]) != folded(b[j - 1]);
            now[j] = least(least(now[j - 1], last[j]) + 1, last[j - 1] + differ);
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1])) {
                now[j] = least(now[j], older[j - 2] + 1);
            }
        }
    }
    return row[na % 3][nb];
}

const char *jn_nearest(const char *word, const char *const *names, size_t n)
{
    const size_t length = strlen(word);
    const char *nearest = NULL;
    size_t fewest = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t other = names[i] == NULL ? 0 : strlen(names[i]);
        if (other == 0 || length > LONGEST || other > LONGEST) {
            continue;
        }
        /* a third of the letters may be wrong; an unfinished word counts as one edit */
        const size_t allowed = ((length > other ? length : other) + 1) / 3;
        size_t d = distance(word, length, names[i], other);
        d = length >= 3 && strncmp(word, names[i], length) == 0 ? least(d, 1) : d;
        if (d <= allowed && (nearest == NULL || d < fewest)) {
            nearest = names[i];
            fewest = d;
        }
    }
    return nearest;
}
