import Foundation
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What surrounds this process.
public enum ProcessEnvironment {
    /// Its environment; a value that is not UTF-8 is repaired.
    public static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The bytes of a variable; nil where it is not set.
    public static func variable(_ name: String) -> [UInt8]? {
        guard let value = getenv(name) else { return nil }
        return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }

    /// The user whose rights this process has.
    public static var user: Int { Int(geteuid()) }

    /// What tells a program from another one that was put in its place.
    public static func identity(of program: String) -> String {
        var facts = stat()
        guard stat(program, &facts) == 0 else { return "" }
        let found = FileStamp(facts)
        return "\(found.size) \(found.modifiedAt) \(found.changedAt) \(found.inode)"
    }

    /// Processors that this process may use, at least 1: those of the machine that it may run on
    /// (its affinity), or fewer where a control group gives it less time than theirs.
    public static var processors: Int {
        let allowed = Int(stepvisor_allowed_processors())
        let count = allowed > 0 ? allowed : ProcessInfo.processInfo.activeProcessorCount
        let share = ProcessorShare { path in
            FileBytes.contents(of: path).map { String(decoding: $0, as: UTF8.self) }
        }
        return max(1, min(count, share.limit ?? count))
    }

    /// Most steps that may run at once with the descriptors that this process may open.
    public static var maxConcurrentSteps: Int {
        DescriptorBudget.maxSteps(under: DescriptorBudget.limit)
    }

    /// Refuses to work with a stack on which reading a workflow would crash.
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

    /// Absolute path of the program that this process runs; nil where the system does not tell.
    public static var ownProgram: String? {
        #if os(Linux)
            guard let path = SymbolicLink.target(of: "/proc/self/exe") else { return nil }
            var (named, own) = (stat(), stat())
            guard stat(path, &named) == 0, stat("/proc/self/exe", &own) == 0,
                named.st_dev == own.st_dev, named.st_ino == own.st_ino
            else {
                // Removed or replaced since: the kernel still has what this process runs.
                return "/proc/self/exe"
            }
            return path
        #else
            return Bundle.main.executablePath
        #endif
    }

    /// Absolute path of the working directory; nil where it has been removed or is not UTF-8.
    public static var workingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(validatingCString: path)
    }

    /// The path of the working directory as it is shown; nil where it has been removed.
    public static var shownWorkingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return DisplayText.fileName(UnsafeRawBufferPointer(start: path, count: strlen(path)))
    }

    /// Makes another directory the working directory.
    public static func changeDirectory(to path: String) throws(SystemError) {
        guard chdir(path) == 0 else { throw SystemError("change to the directory", path) }
    }

    /// Lets this thread rest.
    public static func pause(milliseconds: Int) {
        usleep(UInt32(clamping: milliseconds * 1000))
    }
}
