import Foundation
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A server of its own for one test, that serves only so many at a time and answers 429 to others.
///
/// It answers nobody before it has refused somebody: as long as as many come at once as it does not
/// bear, one is refused, however slow the machine is.
final class BusyServer {
    private let space: TestSpace
    private let process: RunningCommand

    private static let program = """
        import http.server, os, sys, threading, time
        bears = int(sys.argv[1])
        lock, refused, serving = threading.Lock(), threading.Event(), [0]

        class Handler(http.server.BaseHTTPRequestHandler):
            def note(self, code):
                with open("served", "a") as file: file.write("%d %s\\n" % (code, self.path[1:]))
                self.send_response(code)
                self.end_headers()
            def do_GET(self):
                with lock:
                    fits = serving[0] < bears
                    if fits: serving[0] += 1
                    else: self.note(429)
                if not fits: return refused.set()
                refused.wait(60)
                time.sleep(0.05)
                with lock:
                    serving[0] -= 1
                    self.note(200)
            def log_message(self, *words): pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        with open("port.new", "w") as file: file.write("%d\\n" % server.server_address[1])
        os.rename("port.new", "port")
        server.serve_forever()
        """

    /// Writes what the server says to a request, such as `200 OK`.
    static let client = """
        exec 3<> "/dev/tcp/127.0.0.1/$(cat port)" || exit 9
        printf 'GET /%s HTTP/1.0\\r\\n\\r\\n' "$STEPVISOR_STEP" >&3
        read -r version answer <&3
        echo "${answer%$'\\r'}"
        """

    /// Starts a server in the directory, with a script `ask` for bash beside it.
    init(in space: TestSpace, bearing count: Int) throws {
        self.space = space
        try space.file("server.py", Self.program)
        try space.file("ask", Self.client)
        process = try space.start(
            program: "/usr/bin/env", ["python3", "server.py", String(count)])
        guard TestSpace.wait(seconds: 60, until: { space.exists("port") }) else {
            throw NotThere(said: process.errorSoFar)
        }
    }

    deinit {
        process.signal(SIGKILL)
        _ = process.wait(seconds: 5)
    }

    /// The server did not come up.
    struct NotThere: Error {
        let said: String
    }

    /// Whom it gave this answer, in order.
    func answered(_ code: Int) -> [String] {
        space.lines("served").filter { $0.hasPrefix("\(code) ") }.map { String($0.dropFirst(4)) }
    }

    /// Whether there is a Python to run one.
    static let canRun: Bool = {
        guard let space = try? TestSpace(),
            let command = try? space.start(
                program: "/usr/bin/env", ["python3", "-c", "import http.server"])
        else { return false }
        return command.wait(seconds: 60).code == 0
    }()
}
