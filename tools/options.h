/* Options of commands: one table serves the parser, the help, the man page and the completions. */
#ifndef JN_TOOLS_OPTIONS_H
#define JN_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"
#include "words.h"

/* What an option takes, and the type of the field that gets it. */
typedef enum jn_option_kind {
    JN_OPTION_FLAG,   /* bool */
    JN_OPTION_TEXT,   /* const char * */
    JN_OPTION_LIST,   /* jn_words: may be given again and again */
    JN_OPTION_COUNT,  /* uint64_t from lo to hi */
    JN_OPTION_REAL,   /* double above 0 */
    JN_OPTION_CHOICE, /* int: 1 + the index in choices; 0 where it is not given */
} jn_option_kind;

typedef struct jn_option {
    const char *name; /* without dashes */
    char letter;      /* short form; 0: none */
    jn_option_kind kind;
    const char *metavar; /* for people; NULL for a flag */
    const char *help;    /* fits a line of the help; the default included */
    size_t offset;       /* of the field in the command's struct */
    uint64_t lo, hi;
    const char *choices; /* "a|b|c" */
    bool determines;     /* the numbers depend on it: it belongs to the provenance */
} jn_option;

typedef struct jn_command {
    const char *name, *group, *summary;
    const char *usage; /* what stands after the name */
    const jn_option *options;
    size_t n_options;
    size_t n_help;    /* how many of them the help shows, for it must fit a screen; 0: all */
    size_t max_words; /* arguments that are no options, at most */
    const char *examples[2];
    int (*run)(const struct jn_command *self, int argc, char **argv);
} jn_command;

/* What a command line amounts to besides the options' fields. */
typedef struct jn_parsed {
    jn_words words;      /* arguments that are no options */
    jn_words provenance; /* the command and all that determines its numbers */
    bool help;           /* --help: nothing else counts */
} jn_parsed;

/* argv[0] is the first argument after the command's name. Texts point into argv. JN_ERR_USAGE:
 * an unknown option (with the nearest), an option given twice, a missing or malformed value. */
JN_CHECKED jn_status jn_options_parse(const jn_command *c, int argc, char **argv, void *into,
                                      jn_parsed *out, jn_error *err);
void jn_parsed_free(jn_parsed *p);

#endif
