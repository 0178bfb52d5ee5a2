#if os(Linux)
    import Foundation
    import SystemCalls
    import TestSupport
    import Testing

    @testable import Processes

    /// Ctrl-Z at the moment in which a step is being launched.
    @Suite("A stop that comes into a launch", .serialized, .timeLimit(.minutes(20)))
    struct LaunchInterruptionTests {
        @Test("a child that is stopped before it has executed its program goes on")
        func stoppedBeforeExec() throws {
            let space = try TestSpace()
            let directory = space.root.path
            mkfifo("\(directory)/gate", 0o600)
            let launch = Thread {
                // Threads of the concurrency pool, where tests run, block signals; a run's does not.
                _ = stepvisor_clear_signal_mask()
                // The child waits for the gate with all signals blocked, as the C library's does.
                var actions = posix_spawn_file_actions_t()
                posix_spawn_file_actions_init(&actions)
                posix_spawn_file_actions_addopen(
                    &actions, 1, "\(directory)/ran", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
                posix_spawn_file_actions_addopen(&actions, 9, "\(directory)/gate", O_RDONLY, 0)
                var attributes = posix_spawnattr_t()
                posix_spawnattr_init(&attributes)
                posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
                var pid: pid_t = 0
                stepvisor_launch_begins()
                let arguments = [strdup("echo"), strdup("yes"), nil]
                posix_spawn(&pid, "/bin/echo", &actions, &attributes, arguments, environ)
                stepvisor_launch_ends()
                var status: Int32 = 0
                waitpid(pid, &status, 0)
                try? Data("\(status)".utf8).write(to: URL(fileURLWithPath: "\(directory)/status"))
            }
            launch.start()
            var child: pid_t?
            #expect(
                TestSpace.wait {
                    child = Self.writer(to: "\(directory)/ran")
                    return child != nil
                })
            let pid = try #require(child)
            kill(pid, SIGTSTP)
            let gate = open("\(directory)/gate", O_WRONLY)
            defer { close(gate) }
            #expect(TestSpace.wait { ProcessTable.facts(of: pid)?.state == UInt8(ascii: "T") })
            #expect(!space.exists("status"))
            stepvisor_finish_launch()
            #expect(TestSpace.wait { space.text("status") == "0" })
            #expect(space.text("ran") == "yes\n")
        }

        @Test("without such a child it returns at once: the launching thread may wait for it")
        func nothingStopped() throws {
            let space = try TestSpace()
            let directory = space.root.path
            let launch = Thread {
                stepvisor_launch_begins()
                _ = FileManager.default.createFile(atPath: "\(directory)/began", contents: nil)
                _ = TestSpace.wait(seconds: 60) {
                    FileManager.default.fileExists(atPath: "\(directory)/returned")
                }
                stepvisor_launch_ends()
                _ = FileManager.default.createFile(atPath: "\(directory)/ended", contents: nil)
            }
            launch.start()
            #expect(TestSpace.wait { space.exists("began") })
            stepvisor_finish_launch()
            #expect(!space.exists("ended"))
            try space.file("returned", "")
            #expect(TestSpace.wait { space.exists("ended") })
        }

        /// The process whose standard output is a file.
        private static func writer(to path: String) -> pid_t? {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.compactMap { pid_t($0) }.first {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/fd/1"))
                    == path
            }
        }
    }
#endif
