#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

// The system calls that Swift cannot import: variadic ones, raw ones with more results than libc
// passes on, and the body of the signal handler (async-signal-safe code belongs in C).
// Every function returns -1 and sets errno on failure, unless it says otherwise.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What `stepvisor_wait_status` tells of a process that has changed its state.
struct stepvisor_child_status {
    int32_t state;  ///< 0: nothing to tell; CLD_EXITED, CLD_KILLED, CLD_DUMPED, CLD_STOPPED
    int32_t value;  ///< exit code or signal number
    int64_t user_microseconds;
    int64_t system_microseconds;
    int64_t peak_memory_kib;
};

/// Asks how a child ended without reaping it, and what it cost. Never blocks.
int stepvisor_wait_status(pid_t pid, struct stepvisor_child_status *status);

/// The signal by which a child is stopped at this moment; 0 when it is not, -1 with errno otherwise.
/// Asking changes nothing: asked again, the answer is the same.
int stepvisor_stop_signal(pid_t pid);

/// 1 when a child of this process, an adopted one too, lives in a process group; 0 when none does.
int stepvisor_group_lives(pid_t group);

/// Reaps one ended child; 0 when it was reaped, 1 when it has not ended, -1 with errno otherwise.
int stepvisor_reap(pid_t pid);

/// Makes this process the one that adopts orphaned descendants. Fails with ENOSYS but on Linux.
int stepvisor_become_subreaper(void);

/// A descriptor that becomes readable when the process ends. Fails with ENOSYS where there is none.
int stepvisor_pidfd_open(pid_t pid);

/// Signals the process that a descriptor stands for, never another one that has got its number.
int stepvisor_pidfd_signal(int descriptor, int signal_number);

/// How many processors this process may run on; -1 where the system does not tell.
int stepvisor_allowed_processors(void);

/// Blocks every signal that can be blocked, for good.
void stepvisor_block_signals(void);

/// Makes sure that a file can grow by so many bytes from an offset on; its size stays as it is.
/// Fails with EFBIG beyond the limit on the size of files, with ENOSYS where the system cannot.
int stepvisor_reserve(int descriptor, int64_t offset, int64_t length);

/// A pipe whose ends are closed in children; both ends non-blocking when asked for.
int stepvisor_pipe(int descriptors[2], int nonblocking);

/// A pipe for a step's output: the first end is non-blocking, the second one blocks. Where the system
/// can do that, the second one can be read too, so that a process that writes to it is no writer without a
/// reader (SIGPIPE) when this process dies, and what is in the pipe stays there.
int stepvisor_output_pipe(int descriptors[2]);

/// Lets a pipe hold so many bytes, or as many as this user may still have; returns how many it holds.
int stepvisor_widen_pipe(int descriptor, int size);

/// Bytes that are in a pipe.
int stepvisor_pipe_fill(int descriptor);

/// Moves bytes from a pipe to the place of an open file (`splice`), never waiting for the pipe; 0 at
/// the pipe's end. Fails with EINVAL where the file cannot take part, and where there is no such call.
ssize_t stepvisor_splice(int pipe, int file, size_t count);

/// Installs the handler that writes the signal's number into the pipe opened by
/// `stepvisor_signal_pipe`.
int stepvisor_install_handler(int signal_number);

/// Says that this thread begins to launch a process; one thread at a time may do so.
void stepvisor_launch_begins(void);

/// Says that the launch has ended, whether or not there is a new process.
void stepvisor_launch_ends(void);

/// Returns when no child of a launch of another thread has still to execute its program; the handlers of
/// SIGTSTP and SIGCONT call it.
///
/// A new process is in its parent's group at first, so Ctrl-Z may stop it before it has executed its
/// program. The launching thread waits in the kernel for exactly that (`vfork`), so nothing else would
/// end the wait. Meanwhile such a process is continued. Safe in a signal handler.
void stepvisor_finish_launch(void);

/// Installs a handler that does nothing: unlike SIG_IGN it is not inherited through exec.
int stepvisor_install_noop(int signal_number);

/// Restores the default action and clears the signal from this thread's mask.
int stepvisor_restore_default(int signal_number);

/// 1 when the signal is ignored at this moment, 0 when not.
int stepvisor_is_ignored(int signal_number);

/// Keeps a signal from this thread.
int stepvisor_block_in_thread(int signal_number);

/// Lets a signal come to this thread again.
int stepvisor_unblock_in_thread(int signal_number);

/// Lets this process end by a signal without leaving a core file.
void stepvisor_forbid_core_file(void);

/// Empties this thread's signal mask.
int stepvisor_clear_signal_mask(void);

/// Opens the self-pipe; returns its reading end, non-blocking.
int stepvisor_signal_pipe(void);

/// Lets the next SIGCHLD write into the pipe again: it is written once until this is called.
void stepvisor_rearm_child_signal(void);

/// Tries to take a whole-file lock: 0 taken, 1 held by somebody else, -1 with errno otherwise.
int stepvisor_try_lock(int descriptor);

/// The same for a lock that several may have at once: who looks whether somebody holds the other.
int stepvisor_try_shared_lock(int descriptor);

/// `open` relative to a directory, without following a link at the last part, closed in children.
int stepvisor_open_at(int directory, const char *name, int flags, mode_t mode);

/// Lets a part of a file share the blocks of a part of another one, where the file system can: both
/// places and the length are whole blocks, or the part reaches to the end of the source.
int stepvisor_clone_range(int source, off_t offset, off_t length, int target, off_t place);

/// Whether a file lies on a file system whose locks do not reach other machines or may not exist
/// (NFS, SMB, FUSE and their like): 1, else 0.
int stepvisor_is_network_filesystem(int descriptor);

/// Whether a directory's times change with every name in it, even if another process or machine adds
/// it: 1 on the local file systems that are known to do so, else 0. FAT and network file systems need not.
int stepvisor_directory_times_hold(const char *path);

/// Lets large blocks go back to the system as soon as they are freed, and threads share one heap:
/// this program's peak is what it reads at the start.
void stepvisor_keep_heap_small(void);

/// Gives memory that was freed back to the system.
void stepvisor_release_memory(void);

/// Whether so many threads can be started at the same time: 0, or the error number. They end at once.
int stepvisor_probe_threads(int count);

/// Makes Foundation forget a socket that it watches, and closes it: 0, or -1 where that cannot be done.
int stepvisor_abandon_socket(int descriptor);

/// Where some bytes begin in others: the offset, or -1 (`memmem`, which Swift cannot import).
ssize_t stepvisor_find(const void *bytes, size_t count, const void *part, size_t part_count);

/// Columns and rows of a terminal; 0 on success.
int stepvisor_terminal_size(int descriptor, int *columns, int *rows);

#endif
