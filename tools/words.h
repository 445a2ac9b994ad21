/* A growing list of borrowed texts. */
#ifndef JN_TOOLS_WORDS_H
#define JN_TOOLS_WORDS_H

#include <stddef.h>

#include "jensen/status.h"

typedef struct jn_words {
    size_t n;
    const char **word;
} jn_words;

JN_CHECKED jn_status jn_words_add(jn_words *w, const char *word);
void jn_words_free(jn_words *w);

/* Cuts `text` at each separator, in place; the words point into it. Empty words stay. */
JN_CHECKED jn_status jn_words_split(char *text, char separator, jn_words *out);

#endif
