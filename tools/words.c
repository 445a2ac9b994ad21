#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

jn_status jn_words_add(jn_words *w, const char *word)
{
    const char **more = jn_realloc(w->word, w->n + 1, sizeof *more);
    if (more == NULL) {
        return JN_ERR_NOMEM;
    }
    w->word = more;
    w->word[w->n++] = word;
    return JN_OK;
}

void jn_words_free(jn_words *w)
{
    free(w->word);
    *w = (jn_words){ 0, NULL };
}

jn_status jn_words_split(char *text, char separator, jn_words *out)
{
    jn_status st = JN_OK;
    for (char *next = text; st == JN_OK && next != NULL;) {
        char *const word = next;
        next = strchr(word, separator);
        if (next != NULL) {
            *next++ = '\0';
        }
        st = jn_words_add(out, word);
    }
    return st;
}
