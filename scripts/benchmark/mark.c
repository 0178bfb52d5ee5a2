/*
 * mark LOG ID MILLISECONDS: a step that leaves its start and, so much later, its end in a log, so that the order of
 * steps and how many run at once can be checked.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int append(int log, char event, const char *id) {
    char line[256];
    int length = snprintf(line, sizeof line, "%c %s\n", event, id);
    /* One write with O_APPEND: lines of different steps never mix. */
    return length > 0 && length < (int)sizeof line && write(log, line, (size_t)length) == length;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int log = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) return 1;
    if (!append(log, 's', argv[2])) return 1;
    nanosleep(&(struct timespec){0, atoi(argv[3]) * 1000000L}, NULL);
    return append(log, 'e', argv[2]) ? 0 : 1;
}
