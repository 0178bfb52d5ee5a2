#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "SystemCalls.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/mount.h>
#include <sys/param.h>
#endif

#ifdef __linux__
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

static int64_t microseconds(struct timeval time) {
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

int stepvisor_wait_status(pid_t pid, struct stepvisor_child_status *status) {
    siginfo_t info;
    struct rusage usage;
    memset(&info, 0, sizeof info);
    memset(&usage, 0, sizeof usage);
    memset(status, 0, sizeof *status);
    int options = WEXITED | WNOWAIT | WNOHANG;
    int result;
    do {
#ifdef __linux__
        // The library's waitid has no fifth argument; the kernel's tells the usage of this child.
        result = (int)syscall(SYS_waitid, P_PID, pid, &info, options, &usage);
#else
        result = waitid(P_PID, (id_t)pid, &info, options);
#endif
    } while (result == -1 && errno == EINTR);
    if (result == -1) return -1;
    if (info.si_pid == 0) return 0;
    status->state = info.si_code;
    status->value = info.si_status;
    status->user_microseconds = microseconds(usage.ru_utime);
    status->system_microseconds = microseconds(usage.ru_stime);
    status->peak_memory_kib = usage.ru_maxrss;
    return 0;
}

int stepvisor_stop_signal(pid_t pid) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int result;
    do {
        result = waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT | WNOHANG);
    } while (result == -1 && errno == EINTR);
    if (result == -1) return -1;
    return info.si_pid != 0 && info.si_code == CLD_STOPPED ? info.si_status : 0;
}

int stepvisor_group_lives(pid_t group) {
    siginfo_t info;
    int result;
    do {
        memset(&info, 0, sizeof info);
        // Not asking for ends leaves out the dead, a leader that is kept among them.
        result = waitid(P_PGID, (id_t)group, &info, WSTOPPED | WNOWAIT | WNOHANG);
    } while (result == -1 && errno == EINTR);
    return result == 0;
}

int stepvisor_reap(pid_t pid) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int result;
    do {
        result = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG);
    } while (result == -1 && errno == EINTR);
    if (result == -1) return -1;
    return info.si_pid == 0 ? 1 : 0;
}

int stepvisor_become_subreaper(void) {
#ifdef __linux__
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#else
    errno = ENOSYS;
    return -1;
#endif
}

int stepvisor_pidfd_open(pid_t pid) {
#if defined(__linux__) && defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    errno = ENOSYS;
    return -1;
#endif
}

int stepvisor_pidfd_signal(int descriptor, int signal_number) {
#if defined(__linux__) && defined(SYS_pidfd_send_signal)
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal_number, NULL, 0);
#else
    (void)descriptor;
    (void)signal_number;
    errno = ENOSYS;
    return -1;
#endif
}

int stepvisor_allowed_processors(void) {
#ifdef __linux__
    // The kernel's set may be larger than the library's fixed one, and is refused if it is.
    for (size_t bytes = 128; bytes <= 65536; bytes *= 4) {
        cpu_set_t *set = malloc(bytes);
        if (!set) return -1;
        int result = sched_getaffinity(0, bytes, set);
        int saved = errno;
        int count = result == 0 ? CPU_COUNT_S(bytes, set) : -1;
        free(set);
        if (result == 0) return count;
        if (saved != EINVAL) return -1;
    }
#endif
    return -1;
}

void stepvisor_block_signals(void) {
    sigset_t set;
    sigfillset(&set);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
}

int stepvisor_reserve(int descriptor, int64_t offset, int64_t length) {
#ifdef __linux__
    // Beyond the limit on the size of files, trying alone would send a signal.
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == -1) return -1;
    if (limit.rlim_cur != RLIM_INFINITY && (rlim_t)(offset + length) > limit.rlim_cur) {
        errno = EFBIG;
        return -1;
    }
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, length);
#else
    (void)descriptor;
    (void)offset;
    (void)length;
    errno = ENOSYS;
    return -1;
#endif
}

int stepvisor_pipe(int descriptors[2], int nonblocking) {
#ifdef __linux__
    return pipe2(descriptors, O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0));
#else
    if (pipe(descriptors) == -1) return -1;
    for (int i = 0; i < 2; i++) {
        fcntl(descriptors[i], F_SETFD, FD_CLOEXEC);
        if (nonblocking) fcntl(descriptors[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
#endif
}

int stepvisor_output_pipe(int descriptors[2]) {
    if (stepvisor_pipe(descriptors, 1) == -1) return -1;
#ifdef __linux__
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptors[1]);
    int both = open(path, O_RDWR | O_CLOEXEC);
    if (both >= 0) {
        close(descriptors[1]);
        descriptors[1] = both;
        return 0;
    }
#endif
    int flags = fcntl(descriptors[1], F_GETFL);
    if (flags >= 0) fcntl(descriptors[1], F_SETFL, flags & ~O_NONBLOCK);
    return 0;
}

int stepvisor_widen_pipe(int descriptor, int size) {
#ifdef __linux__
    // What a user may have in pipes is limited (/proc/sys/fs/pipe-user-pages-soft).
    for (int wanted = size; wanted > 65536; wanted /= 2) {
        if (fcntl(descriptor, F_SETPIPE_SZ, wanted) >= 0) break;
    }
    return fcntl(descriptor, F_GETPIPE_SZ);
#else
    (void)descriptor;
    (void)size;
    errno = ENOSYS;
    return -1;
#endif
}

int stepvisor_pipe_fill(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) == -1 ? -1 : count;
}

ssize_t stepvisor_splice(int pipe, int file, size_t count) {
#ifdef __linux__
    return splice(pipe, NULL, file, NULL, count, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
#else
    (void)pipe;
    (void)file;
    (void)count;
    errno = EINVAL;
    return -1;
#endif
}

static int signal_pipe_write_end = -1;
static atomic_int child_signal_pending = 0;

static void write_signal(int number) {
    int saved = errno;
    // One byte per SIGCHLD would fill the pipe; one until the loop has looked is enough.
    if (number != SIGCHLD || atomic_exchange(&child_signal_pending, 1) == 0) {
        unsigned char byte = (unsigned char)number;
        ssize_t ignored = write(signal_pipe_write_end, &byte, 1);
        (void)ignored;
    }
    errno = saved;
}

static _Atomic pid_t launching_thread = 0;

#ifdef __linux__

static pid_t current_thread(void) { return (pid_t)syscall(SYS_gettid); }

/// Reads the beginning of a file of a process under /proc; returns its length, or -1.
static ssize_t read_process_file(pid_t pid, const char *name, char *buffer, size_t size) {
    char path[64];
    // `snprintf` is no function for a signal handler.
    char digits[16];
    size_t length = 0;
    do {
        digits[length++] = (char)('0' + pid % 10);
        pid /= 10;
    } while (pid > 0);
    size_t end = 0;
    for (const char *part = "/proc/"; *part; part++) path[end++] = *part;
    while (length > 0) path[end++] = digits[--length];
    for (; *name; name++) path[end++] = *name;
    path[end] = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor == -1) return -1;
    ssize_t count = read(descriptor, buffer, size);
    close(descriptor);
    return count;
}

/// What /proc/PID/stat says of a process.
struct process_state {
    char state;
    pid_t parent;
    /// Where its stack begins: the same for processes that share their memory.
    unsigned long long stack;
};

static int read_process_state(pid_t pid, struct process_state *process) {
    char text[512];
    ssize_t count = read_process_file(pid, "/stat", text, sizeof text - 1);
    if (count <= 0) return -1;
    text[count] = 0;
    // The name in parentheses may hold anything, so the fields behind it are found from the end.
    const char *place = strrchr(text, ')');
    if (!place || place[1] != ' ') return -1;
    place += 2;
    process->state = *place;
    process->parent = 0;
    process->stack = 0;
    // proc(5): the state is field 3, the parent 4, the beginning of the stack 28.
    for (int field = 3; *place && field <= 28; field++) {
        unsigned long long number = 0;
        for (; *place && *place != ' '; place++) {
            if (*place >= '0' && *place <= '9') number = number * 10 + (unsigned)(*place - '0');
        }
        if (field == 4) process->parent = (pid_t)number;
        if (field == 28) process->stack = number;
        if (*place == ' ') place++;
    }
    return 0;
}

/// Continues children that were stopped before they executed their own program; returns whether there
/// is a child, stopped or not, that has not executed it yet. Such a child shares this process's memory.
static int continue_children_before_exec(void) {
    struct entry {
        uint64_t number;
        int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[];
    };
    struct process_state own;
    if (read_process_state(getpid(), &own) == -1 || own.stack == 0) return 0;
    int directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory == -1) return 0;
    int found = 0;
    _Alignas(struct entry) char buffer[4096];
    ssize_t count;
    // `readdir` allocates memory, which a signal handler must not do.
    while ((count = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
        for (ssize_t place = 0; place < count;) {
            const struct entry *entry = (const struct entry *)(buffer + place);
            place += entry->length;
            pid_t pid = 0;
            const char *digit = entry->name;
            for (; *digit >= '0' && *digit <= '9'; digit++) pid = pid * 10 + (*digit - '0');
            struct process_state child;
            if (*digit != 0 || pid <= 0 || read_process_state(pid, &child) == -1) continue;
            if (child.parent != getpid() || child.stack != own.stack) continue;
            found = 1;
            if (child.state == 'T') kill(pid, SIGCONT);
        }
    }
    close(directory);
    return found;
}

// The handlers of SIGTSTP and SIGCONT run this in another thread than the launching one, since the C library keeps
// all signals from that one until the child has executed its program. It waits only while there is such
// a child: then the launching thread is in the kernel. Else that thread might want a lock, as that of
// `malloc`, which the thread that is interrupted here has.
void stepvisor_finish_launch(void) {
    int saved = errno;
    pid_t thread;
    while ((thread = atomic_load(&launching_thread)) != 0 && thread != current_thread() &&
           continue_children_before_exec()) {
        poll(NULL, 0, 2);
    }
    errno = saved;
}

#else

static pid_t current_thread(void) { return 0; }

void stepvisor_finish_launch(void) {}

#endif

void stepvisor_launch_begins(void) { atomic_store(&launching_thread, current_thread()); }

void stepvisor_launch_ends(void) { atomic_store(&launching_thread, 0); }

static void handle_stop(int number) {
    write_signal(number);
    stepvisor_finish_launch();
}

static void handle_without_effect(int number) {
    // SIGTSTP may have stopped a new child even where this process ignores it; after SIGCONT the child
    // is still stopped, as it has a group of its own by then.
    if (number == SIGTSTP || number == SIGCONT) stepvisor_finish_launch();
}

static int install(int signal_number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(signal_number, &action, NULL);
}

int stepvisor_install_handler(int signal_number) {
    return install(signal_number, signal_number == SIGTSTP ? handle_stop : write_signal);
}

int stepvisor_install_noop(int signal_number) {
    return install(signal_number, handle_without_effect);
}

int stepvisor_restore_default(int signal_number) {
    if (install(signal_number, SIG_DFL) == -1) return -1;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    return pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int stepvisor_is_ignored(int signal_number) {
    struct sigaction action;
    if (sigaction(signal_number, NULL, &action) == -1) return 0;
    return action.sa_handler == SIG_IGN;
}

int stepvisor_block_in_thread(int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int stepvisor_unblock_in_thread(int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    return pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void stepvisor_forbid_core_file(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    // A program that the kernel hands cores to is started whatever the limit says.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int stepvisor_clear_signal_mask(void) {
    sigset_t set;
    sigemptyset(&set);
    return pthread_sigmask(SIG_SETMASK, &set, NULL);
}

int stepvisor_signal_pipe(void) {
    static int read_end = -1;
    if (read_end >= 0) return read_end;
    int ends[2];
    if (stepvisor_pipe(ends, 1) == -1) return -1;
    signal_pipe_write_end = ends[1];
    read_end = ends[0];
    return read_end;
}

void stepvisor_rearm_child_signal(void) { atomic_store(&child_signal_pending, 0); }

static int try_lock(int descriptor, int kind) {
    int result;
    do {
        result = flock(descriptor, kind | LOCK_NB);
    } while (result == -1 && errno == EINTR);
    if (result == 0) return 0;
    return errno == EWOULDBLOCK ? 1 : -1;
}

int stepvisor_try_lock(int descriptor) { return try_lock(descriptor, LOCK_EX); }

int stepvisor_try_shared_lock(int descriptor) { return try_lock(descriptor, LOCK_SH); }

int stepvisor_open_at(int directory, const char *name, int flags, mode_t mode) {
    int result;
    do {
        result = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    } while (result == -1 && errno == EINTR);
    return result;
}

int stepvisor_clone_range(int source, off_t offset, off_t length, int target, off_t place) {
#ifdef FICLONERANGE
    struct file_clone_range range;
    memset(&range, 0, sizeof range);
    range.src_fd = source;
    range.src_offset = (uint64_t)offset;
    range.src_length = (uint64_t)length;
    range.dest_offset = (uint64_t)place;
    return ioctl(target, FICLONERANGE, &range);
#else
    (void)source;
    (void)offset;
    (void)length;
    (void)target;
    (void)place;
    errno = ENOSYS;
    return -1;
#endif
}

int stepvisor_is_network_filesystem(int descriptor) {
#ifdef __linux__
    struct statfs facts;
    if (fstatfs(descriptor, &facts) == -1) return 0;
    switch ((unsigned long)facts.f_type & 0xffffffffUL) {
    case 0x6969UL:      // NFS
    case 0x517bUL:      // SMB
    case 0xff534d42UL:  // CIFS
    case 0xfe534d42UL:  // SMB2
    case 0x65735546UL:  // FUSE
    case 0x01021997UL:  // 9P
        return 1;
    default:
        return 0;
    }
#else
    (void)descriptor;
    return 0;
#endif
}

int stepvisor_directory_times_hold(const char *path) {
#ifdef __linux__
    struct statfs facts;
    if (statfs(path, &facts) == -1) return 0;
    switch ((unsigned long)facts.f_type & 0xffffffffUL) {
    case 0xef53UL:      // ext2, ext3, ext4
    case 0x58465342UL:  // XFS
    case 0x9123683eUL:  // Btrfs
    case 0x01021994UL:  // tmpfs
    case 0x858458f6UL:  // ramfs
    case 0x794c7630UL:  // overlayfs
    case 0x2fc12fc1UL:  // ZFS
    case 0xf2f52010UL:  // F2FS
    case 0xca451a4eUL:  // bcachefs
        return 1;
    default:
        return 0;
    }
#else
    struct statfs facts;
    if (statfs(path, &facts) == -1) return 0;
    return strcmp(facts.f_fstypename, "apfs") == 0 || strcmp(facts.f_fstypename, "hfs") == 0;
#endif
}

void stepvisor_keep_heap_small(void) {
#ifdef __GLIBC__
    // Setting the threshold keeps glibc from raising it with each large block that is freed.
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_ARENA_MAX, 1);
#endif
}

void stepvisor_release_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

int stepvisor_terminal_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == -1) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

static void *pass_through(void *gate) {
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

int stepvisor_probe_threads(int count) {
    enum { most = 8 };
    pthread_t threads[most];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    int result = 0;
    int started = 0;
    // All of them live until the last one does.
    pthread_mutex_lock(&gate);
    while (started < count && started < most && result == 0) {
        result = pthread_create(&threads[started], NULL, pass_through, &gate);
        if (result == 0) started++;
    }
    pthread_mutex_unlock(&gate);
    while (started > 0) pthread_join(threads[--started], NULL);
    pthread_mutex_destroy(&gate);
    return result;
}

#ifdef __linux__
// Foundation's own, and in every program that is linked with it.
extern const void *CFSocketCreateWithNative(const void *, int, unsigned long, void *, const void *)
    __attribute__((weak));
extern void CFSocketInvalidate(const void *) __attribute__((weak));
extern void CFRelease(const void *) __attribute__((weak));
#endif

int stepvisor_abandon_socket(int descriptor) {
#ifdef __linux__
    if (!CFSocketCreateWithNative || !CFSocketInvalidate || !CFRelease) return -1;
    // For a descriptor that is watched already this finds the one who watches it.
    const void *watcher = CFSocketCreateWithNative(NULL, descriptor, 0, NULL, NULL);
    if (!watcher) return -1;
    CFSocketInvalidate(watcher);
    CFRelease(watcher);
    return 0;
#else
    (void)descriptor;
    return -1;
#endif
}

ssize_t stepvisor_find(const void *bytes, size_t count, const void *part, size_t part_count) {
    const char *found = memmem(bytes, count, part, part_count);
    return found ? found - (const char *)bytes : -1;
}
