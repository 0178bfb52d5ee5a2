/*
 * limit JOBS GRAPH: the least a runner of processes can cost. posix_spawn, waitpid, and nothing kept.
 *
 * GRAPH has a step a line, fields separated by tabs: the file that takes its standard output ("-": inherited), the
 * numbers of the lines it depends on, from 0 and separated by commas ("-": none), the program, its arguments.
 * Of the steps that are ready, the one with the longest chain of dependents starts first, then the earlier line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct {
    char *output;
    char **arguments;
    int *dependencies, dependency_count;
    int *dependents, dependent_count;
    int waiting_for, height;
} Step;

static Step *steps;
static int step_count;
static int *ready, ready_count;

static void fail(const char *what) {
    fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) fail("memory");
    return memory;
}

static int fields_in(const char *text, char separator) {
    int count = 1;
    for (; *text; text++) count += *text == separator;
    return count;
}

static Step parse(char *line) {
    Step step = {0};
    char **argument = step.arguments = allocate((size_t)fields_in(line, '\t') + 1, sizeof *argument);
    step.output = strsep(&line, "\t");
    char *dependencies = strsep(&line, "\t");
    if (!dependencies || !line) { errno = EINVAL; fail("graph"); }
    if (strcmp(dependencies, "-") != 0) {
        step.dependencies = allocate((size_t)fields_in(dependencies, ','), sizeof(int));
        for (char *number; (number = strsep(&dependencies, ",")); )
            step.dependencies[step.dependency_count++] = atoi(number);
    }
    while ((*argument = strsep(&line, "\t"))) argument++;
    return step;
}

static void read_graph(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) fail(path);
    int capacity = 0;
    for (;;) {
        char *line = NULL;
        size_t size = 0;
        ssize_t length = getline(&line, &size, file);
        if (length < 0) { free(line); break; }
        if (line[length - 1] == '\n') line[length - 1] = 0;
        if (step_count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            steps = realloc(steps, (size_t)capacity * sizeof *steps);
            if (!steps) fail("memory");
        }
        steps[step_count++] = parse(line);
    }
    fclose(file);
}

static void link_dependents(void) {
    for (int i = 0; i < step_count; i++)
        for (int k = 0; k < steps[i].dependency_count; k++) {
            int on = steps[i].dependencies[k];
            if (on < 0 || on >= step_count) { errno = EINVAL; fail("dependency"); }
            steps[on].dependent_count++;
        }
    for (int i = 0; i < step_count; i++) {
        steps[i].dependents = allocate((size_t)steps[i].dependent_count, sizeof(int));
        steps[i].dependent_count = 0;
        steps[i].waiting_for = steps[i].dependency_count;
    }
    for (int i = 0; i < step_count; i++)
        for (int k = 0; k < steps[i].dependency_count; k++) {
            Step *on = &steps[steps[i].dependencies[k]];
            on->dependents[on->dependent_count++] = i;
        }
}

/* Heights from the ends back: a step is settled once all its dependents are. */
static void measure_heights(void) {
    int *settled = allocate((size_t)step_count, sizeof(int)), *open = allocate((size_t)step_count, sizeof(int));
    int count = 0;
    for (int i = 0; i < step_count; i++)
        if (!(open[i] = steps[i].dependent_count)) settled[count++] = i;
    for (int at = 0; at < count; at++) {
        Step *step = &steps[settled[at]];
        step->height++;
        for (int k = 0; k < step->dependency_count; k++) {
            int on = step->dependencies[k];
            if (steps[on].height < step->height) steps[on].height = step->height;
            if (--open[on] == 0) settled[count++] = on;
        }
    }
    free(settled);
    free(open);
}

static int before(int a, int b) {
    return steps[a].height != steps[b].height ? steps[a].height > steps[b].height : a < b;
}

static void push(int step) {
    int at = ready_count++;
    for (; at > 0 && before(step, ready[(at - 1) / 2]); at = (at - 1) / 2) ready[at] = ready[(at - 1) / 2];
    ready[at] = step;
}

static int pop(void) {
    int first = ready[0], last = ready[--ready_count], at = 0;
    for (;;) {
        int child = 2 * at + 1;
        if (child >= ready_count) break;
        if (child + 1 < ready_count && before(ready[child + 1], ready[child])) child++;
        if (!before(ready[child], last)) break;
        ready[at] = ready[child];
        at = child;
    }
    ready[at] = last;
    return first;
}

static pid_t start(const Step *step) {
    posix_spawn_file_actions_t actions, *given = NULL;
    if (strcmp(step->output, "-") != 0) {
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, step->output, O_WRONLY | O_CREAT | O_APPEND, 0644);
        given = &actions;
    }
    pid_t pid;
    errno = posix_spawn(&pid, step->arguments[0], given, NULL, step->arguments, environ);
    if (errno) fail(step->arguments[0]);
    if (given) posix_spawn_file_actions_destroy(given);
    return pid;
}

int main(int argc, char **argv) {
    int jobs = argc == 3 ? atoi(argv[1]) : 0;
    if (jobs < 1) { fprintf(stderr, "usage: limit JOBS GRAPH\n"); return 2; }
    read_graph(argv[2]);
    link_dependents();
    measure_heights();
    ready = allocate((size_t)step_count, sizeof(int));
    for (int i = 0; i < step_count; i++)
        if (!steps[i].waiting_for) push(i);

    struct { pid_t pid; int step; } *running = allocate((size_t)jobs, sizeof *running);
    int in_flight = 0, ended = 0, failed = 0;
    for (;;) {
        while (ready_count && in_flight < jobs) {
            int step = pop();
            running[in_flight].step = step;
            running[in_flight++].pid = start(&steps[step]);
        }
        if (!in_flight) break;
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) fail("waitpid");
        int slot = 0;
        while (slot < in_flight && running[slot].pid != pid) slot++;
        if (slot == in_flight) continue;
        Step *step = &steps[running[slot].step];
        running[slot] = running[--in_flight];
        ended++;
        if (status) { failed = 1; continue; }
        for (int k = 0; k < step->dependent_count; k++)
            if (--steps[step->dependents[k]].waiting_for == 0) push(step->dependents[k]);
    }
    return failed || ended != step_count;
}
