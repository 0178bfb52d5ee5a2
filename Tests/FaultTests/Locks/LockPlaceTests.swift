import Foundation
import Testing
import TestSupport

@testable import Platform
@testable import StateStore
@testable import Supervisor

/// A library that changes what two system calls say, put before the system's own.
private enum Pretence {
    static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdlib.h>
        #include <sys/file.h>
        #include <sys/vfs.h>

        int flock(int descriptor, int operation) {
            const char *code = getenv("PRETEND_FLOCK");
            if (code) { errno = atoi(code); return -1; }
            int (*real)(int, int) = dlsym(RTLD_NEXT, "flock");
            return real(descriptor, operation);
        }

        int fstatfs(int descriptor, struct statfs *facts) {
            int (*real)(int, struct statfs *) = dlsym(RTLD_NEXT, "fstatfs");
            int result = real(descriptor, facts);
            if (getenv("PRETEND_NFS")) facts->f_type = 0x6969;
            return result;
        }
        """

    /// Whether the system can build and use it.
    static let isPossible: Bool = {
        guard let space = try? TestSpace() else { return false }
        return (try? build(in: space)) ?? false
    }()

    static func build(in space: TestSpace) throws -> Bool {
        try space.file("pretence.c", source)
        let result = try space.shell("cc -shared -fPIC -o pretence.so pretence.c -ldl")
        space.environment["LD_PRELOAD"] = space.path("pretence.so")
        return result.code == 0
    }
}

@Suite("Where locks are", .serialized, .timeLimit(.minutes(20)))
struct LockPlaceTests {
    private func project(_ space: TestSpace) throws {
        try space.workflow(
            """
            name = "locks"
            [resources]
            db = { scope = "host" }
            [[steps]]
            id = "use"
            command = "touch done"
            resources_required = ["db"]
            """)
    }

    @Test(
        "fault 58: a file system without `flock` is said with its path, and nothing is run",
        .enabled(if: Pretence.isPossible), arguments: [ENOLCK, EOPNOTSUPP, ENOSYS])
    func absent(code: Int32) throws {
        let space = try TestSpace()
        try project(space)
        #expect(try Pretence.build(in: space))
        space.environment["PRETEND_FLOCK"] = "\(code)"
        let result = try space.run("run")
        #expect(result.code == 5)
        #expect(
            result.error.contains(
                "cannot lock (its file system has no `flock`) `\(space.path(".stepvisor/run.lock"))`"
            ),
            "\(result)")
        #expect(result.error.contains("local disk") && result.error.contains("XDG_STATE_HOME"))
        #expect(!space.exists("done"))
        let lock = try space.run("lock", "db", "--", "touch", "locked")
        #expect(lock.code == 5)
        #expect(lock.error.contains(space.path("state/stepvisor/locks/db.0")), "\(lock)")
        #expect(!space.exists("locked"))
    }

    @Test(
        "fault 58: locks on a network file system are warned of once for each place, and work",
        .enabled(if: Pretence.isPossible))
    func network() throws {
        let space = try TestSpace()
        try project(space)
        #expect(try Pretence.build(in: space))
        #expect(try !space.run("run").error.contains("network"))
        space.environment["PRETEND_NFS"] = "1"
        let result = try space.run("run")
        #expect(result.code == 0)
        for place in [".stepvisor", "state/stepvisor/locks"] {
            let warning = "`\(space.path(place))` is on a network file system"
            #expect(result.error.components(separatedBy: warning).count == 2, "\(result)")
        }
        let lock = try space.run("lock", "db", "--", "true")
        #expect(lock.code == 0 && lock.error.contains("network file system"))
    }

    @Test("fault 58: what `flock` says is told apart")
    func words() {
        for code in [ENOLCK, EOPNOTSUPP, ENOSYS] {
            let error = SystemError.locking("/there", code: code)
            #expect(error.description.contains("no `flock`") && error.advice != nil)
        }
        #expect(!SystemError.locking("/there", code: EIO).description.contains("no `flock`"))
    }
}
