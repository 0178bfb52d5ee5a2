#ifndef REGULAR_EXPRESSIONS_H
#define REGULAR_EXPRESSIONS_H

// The C library's POSIX extended regular expressions: functions of their arguments that read no file
// and make no system call but for memory.

#include <stddef.h>

/// A compiled expression; used by one thread at a time, since matching changes it.
struct stepvisor_regex;

/// Compiles an expression; NULL when it is none, and then why in `message` of `size` bytes.
struct stepvisor_regex *stepvisor_regex_compile(const char *text, char *message, size_t size);

/// Frees what was compiled.
void stepvisor_regex_free(struct stepvisor_regex *regex);

/// Whether `count` bytes contain a match: 1, else 0. They may be a part of a line, and then begin or
/// end within it.
int stepvisor_regex_is_found(const struct stepvisor_regex *regex, const char *line, size_t count,
                             int is_start, int is_end);

/// Whether `count` bytes contain a text of `length` bytes: 1, else 0.
int stepvisor_text_is_found(const void *line, size_t count, const void *text, size_t length);

#endif
