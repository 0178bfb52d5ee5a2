#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a command of a test is started: its descriptors, its group or session, and no signal that
/// is blocked or ignored.
///
/// By `posix_spawn`, since Foundation's `Process` hands descriptors of one test's command to
/// another's when tests run at the same time.
struct SpawnSetup: ~Copyable {
    #if canImport(Glibc)
        private var actions = posix_spawn_file_actions_t()
        private var attributes = posix_spawnattr_t()
    #else
        private var actions: posix_spawn_file_actions_t?
        private var attributes: posix_spawnattr_t?
    #endif

    init() {
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
    }

    deinit {
        var (actions, attributes) = (actions, attributes)
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }

    mutating func open(_ path: String, as descriptor: Int32, flags: Int32) {
        posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0o600)
    }

    mutating func duplicate(_ descriptor: Int32, as other: Int32) {
        posix_spawn_file_actions_adddup2(&actions, descriptor, other)
    }

    /// Starts a program in a directory, leading a new group or session; code 0 when it was started.
    mutating func start(
        leading leads: Int32, program: String, arguments: [String],
        environment: [String: String], directory: String
    ) -> (pid: pid_t, code: Int32) {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(leads | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)))
        // The shell changes the directory, which not every system's `posix_spawn` can, and goes.
        let line = "cd \"$1\" && shift && exec \"$@\""
        var words =
            (["/bin/sh", "-c", line, "sh", directory, program] + arguments).map { strdup($0) }
            + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &words, &variables)
        return (pid, code)
    }

    /// The flag for a group of its own.
    static let newGroup = Int32(POSIX_SPAWN_SETPGROUP)

    /// The flag for a session of its own.
    static var newSession: Int32 {
        #if os(Linux)
            0x80
        #else
            0x0400
        #endif
    }
}
