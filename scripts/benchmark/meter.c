/*
 * meter SECONDS DIRECTORY OUTPUT PROGRAM [ARGUMENT...]: runs one program and prints what it cost, as one line:
 *   status wall_ns tree_us own_ms peak_kib timed_out leftovers
 * status: exit code, or minus the signal. tree_us: CPU of the program and of all that it reaped. own_ms: its own, from
 * /proc, in clock ticks. peak_kib: the largest resident set of one process of the tree. leftovers: processes that
 * outlived the program by more than a second; they are ended.
 *
 * A program of its own, since a child that a large process spawns begins with that process's resident set as its peak.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t stopped;
static volatile pid_t program;

static void stop(int number) {
    stopped = number;
    if (program > 0) kill(-program, SIGKILL);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

static long own_milliseconds(pid_t pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (length <= 0) return -1;
    text[length] = 0;
    /* The name may hold spaces and parentheses: fields are counted from the last one. */
    char *rest = strrchr(text, ')');
    unsigned long user, system;
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return -1;
    return (long)((user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

static void kill_children(void) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (length <= 0) return;
    text[length] = 0;
    for (char *rest = text, *number; (number = strsep(&rest, " ")); )
        if (*number) kill((pid_t)atoi(number), SIGKILL);
}

/* This process is a subreaper: whatever lost its parent is its child now. */
static int end_leftovers(void) {
    int killed = 0;
    long long patience = now() + (stopped ? 0 : 1000000000LL);
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD) return killed;
        if (pid > 0) { killed += now() > patience; continue; }
        if (now() > patience) kill_children();
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

int main(int argc, char **argv) {
    if (argc < 5) { fprintf(stderr, "usage: meter SECONDS DIRECTORY OUTPUT PROGRAM [ARGUMENT...]\n"); return 2; }
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (chdir(argv[2]) != 0) { perror(argv[2]); return 2; }

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, argv[3], O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    alarm((unsigned)atoi(argv[1]));

    pid_t pid;
    long long start = now();
    errno = posix_spawn(&pid, argv[4], &files, &attributes, argv + 4, environ);
    if (errno) { perror(argv[4]); return 2; }
    program = pid;
    if (stopped) kill(-pid, SIGKILL);
    siginfo_t info;
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {}
    long long wall = now() - start;
    alarm(0);
    long own = own_milliseconds(pid);
    program = 0;
    int status;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {}
    int leftovers = end_leftovers();
    printf("%d %lld %lld %ld %ld %d %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), wall,
           microseconds(usage.ru_utime) + microseconds(usage.ru_stime), own, usage.ru_maxrss, stopped == SIGALRM,
           leftovers);
    return stopped && stopped != SIGALRM ? 128 + stopped : 0;
}
