#ifdef __linux__
#define _GNU_SOURCE  // memmem
#endif

#include "RegularExpressions.h"

#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct stepvisor_regex {
    regex_t compiled;
};

struct stepvisor_regex *stepvisor_regex_compile(const char *text, char *message, size_t size) {
    struct stepvisor_regex *regex = malloc(sizeof *regex);
    int code = regex ? regcomp(&regex->compiled, text, REG_EXTENDED | REG_NOSUB) : REG_ESPACE;
    if (code == 0) return regex;
    regerror(code, regex ? &regex->compiled : NULL, message, size);
    free(regex);
    return NULL;
}

void stepvisor_regex_free(struct stepvisor_regex *regex) {
    regfree(&regex->compiled);
    free(regex);
}

int stepvisor_regex_is_found(const struct stepvisor_regex *regex, const char *line, size_t count,
                             int is_start, int is_end) {
    regmatch_t bounds = {.rm_so = 0, .rm_eo = count > INT_MAX ? INT_MAX : (regoff_t)count};
    int flags = REG_STARTEND | (is_start ? 0 : REG_NOTBOL) | (is_end ? 0 : REG_NOTEOL);
    return regexec(&regex->compiled, line, 1, &bounds, flags) == 0;
}

int stepvisor_text_is_found(const void *line, size_t count, const void *text, size_t length) {
    return memmem(line, count, text, length) != NULL;
}
