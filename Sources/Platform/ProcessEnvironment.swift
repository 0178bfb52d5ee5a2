import Foundation
import SystemCalls

/// The environment and the limits of this process.
public enum ProcessEnvironment {
    /// The environment variables; a value that is not UTF-8 is repaired.
    public static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The bytes of a variable; nil when it is not set.
    public static func variable(_ name: String) -> [UInt8]? {
        guard let value = getenv(name) else { return nil }
        return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }

    /// The effective user of this process.
    public static var user: Int { Int(geteuid()) }

    /// A text that distinguishes a program from another one at the same path.
    public static func identity(of program: String) -> String {
        var facts = stat()
        guard stat(program, &facts) == 0 else { return "" }
        let found = FileStamp(facts)
        return "\(found.size) \(found.modifiedAt) \(found.changedAt) \(found.inode)"
    }

    /// Processors that this process may use, at least 1: those of its affinity mask, or fewer when
    /// a control group has a smaller quota.
    public static var processors: Int {
        let allowed = Int(stepvisor_allowed_processors())
        let count = allowed > 0 ? allowed : ProcessInfo.processInfo.activeProcessorCount
        let share = ProcessorShare { path in
            FileBytes.contents(of: path).map { String(decoding: $0, as: UTF8.self) }
        }
        return max(1, min(count, share.limit ?? count))
    }

    /// The largest number of steps at once with the descriptor limit of this process.
    public static var maxConcurrentSteps: Int {
        DescriptorBudget.maxSteps(under: DescriptorBudget.limit)
    }

    /// Throws when the stack is too small to read a workflow.
    public static func checkStack() throws(SystemError) {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_STACK.rawValue)
        #else
            let resource = RLIMIT_STACK
        #endif
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < 512 << 10 else { return }
        throw SystemError(
            refusing: "a stack of \(limit.rlim_cur >> 10) KiB",
            because: "at least 512 KiB are needed", advice: "raise it: `ulimit -s 8192`")
    }

    /// Absolute path of this process's program; nil when the system does not report it.
    public static var ownProgram: String? {
        #if os(Linux)
            guard let path = SymbolicLink.target(of: "/proc/self/exe") else { return nil }
            var (named, own) = (stat(), stat())
            guard stat(path, &named) == 0, stat("/proc/self/exe", &own) == 0,
                named.st_dev == own.st_dev, named.st_ino == own.st_ino
            else {
                // Removed or replaced since; the kernel still has the running program.
                return "/proc/self/exe"
            }
            return path
        #else
            return Bundle.main.executablePath
        #endif
    }

    /// Absolute path of the working directory; nil when it was removed or is not UTF-8.
    public static var workingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(validatingCString: path)
    }

    /// Changes the working directory.
    public static func changeDirectory(to path: String) throws(SystemError) {
        guard chdir(path) == 0 else { throw SystemError("change to the directory", path) }
    }

    /// Suspends this thread.
    public static func pause(milliseconds: Int) {
        usleep(UInt32(clamping: milliseconds * 1000))
    }
}
