import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Finds the stepvisor that was built with the tests.
public enum BuiltProgram {
    /// Absolute path of the built `stepvisor`: it lies beside the test bundle.
    public static let path: String = {
        if let path = ProcessInfo.processInfo.environment["STEPVISOR_UNDER_TEST"] { return path }
        var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "/")
            .resolvingSymlinksInPath()
        // On Linux the bundle is the program itself; on macOS it is named in the arguments.
        if let bundle = CommandLine.arguments.first(where: { $0.contains(".xctest") }) {
            folder = URL(fileURLWithPath: bundle)
        }
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("stepvisor").path
            var isDirectory: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory),
                !isDirectory.boolValue
            {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return "stepvisor"
    }()
}

extension TestSpace {
    /// Starts the built stepvisor in the directory, or in one inside it.
    public func start(_ arguments: [String], in directory: String = "") throws -> RunningCommand {
        try start(program: BuiltProgram.path, arguments, in: directory)
    }

    /// Starts a program in the directory; standard input is empty.
    public func start(
        program: String, _ arguments: [String], in directory: String = ""
    ) throws -> RunningCommand {
        try RunningCommand(
            program: program, arguments: arguments, environment: commandEnvironment,
            directory: directory.isEmpty ? root.path : path(directory))
    }

    /// What commands are given: nothing of an outer run, nothing of the user's own settings.
    var commandEnvironment: [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("STEPVISOR_") && !["NO_COLOR", "TERM"].contains($0.key)
        }
        environment["HOME"] = root.path
        environment["XDG_STATE_HOME"] = path("state")
        environment["STEPVISOR"] = BuiltProgram.path
        for (name, value) in self.environment { environment[name] = value }
        return environment
    }

    /// Runs the built stepvisor to its end.
    public func run(_ arguments: String..., seconds: Int = 30) throws -> CommandResult {
        try start(arguments).wait(seconds: seconds)
    }

    /// Runs a line of shell in the directory to its end; `$STEPVISOR` is the built program.
    public func shell(_ line: String, seconds: Int = 30) throws -> CommandResult {
        try start(program: "/bin/sh", ["-c", line]).wait(seconds: seconds)
    }

    /// Lets the caller wait until something holds, looking again every few milliseconds.
    ///
    /// This waits for another process, so it has a limit and not a fixed length.
    public static func wait(seconds: Double = 10, until holds: () -> Bool) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while !holds() {
            if Date() > end { return false }
            poll(nil, 0, 5)
        }
        return true
    }
}
