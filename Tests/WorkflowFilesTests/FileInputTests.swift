import Foundation
import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Reading files")
struct FileInputTests {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(
            path: "stepvisor-input-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    private func message(_ path: String, limit: Int = FileInput.sizeLimit) -> String? {
        do {
            _ = try FileInput.read(path, limit: limit)
            return nil
        } catch {
            return error.diagnostic.message
        }
    }

    private func path(_ name: String) -> String { directory.appending(path: name).path }

    @Test("the bytes of a file are read as they are", arguments: [0, 1, 4096, 100_000])
    func content(size: Int) throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        try Data(bytes).write(to: directory.appending(path: "f"))
        #expect(try FileInput.read(path("f")) == bytes)
    }

    @Test("each reason not to read a file has its own message")
    func problems() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let missing = path("missing.toml")
        #expect(message(missing) == "there is no file `\(missing)`")
        #expect(message(directory.path) == "`\(directory.path)` is a directory, not a file")
        #expect(message("") == "the path of the file is empty")
        #expect(message("a\u{0}b") == "`a\u{0}b` is no file name")

        try Data("x".utf8).write(to: directory.appending(path: "f"))
        #expect(message(path("f") + "/below") == "there is no file `\(path("f"))/below`")

        try FileManager.default.createSymbolicLink(
            atPath: path("loop"), withDestinationPath: path("loop"))
        #expect(
            message(path("loop"))
                == "`\(path("loop"))` cannot be read: its symbolic links lead in a circle")
        #expect(
            message("/dev/null")
                == "`/dev/null` is not a regular file but a pipe, a socket or a device")
    }

    @Test("a named pipe without a writer does not block")
    func pipe() {
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(mkfifo(path("fifo"), 0o600) == 0)
        #expect(message(path("fifo"))?.hasSuffix("a pipe, a socket or a device") == true)
    }

    @Test("a file over the limit is refused, one at the limit read")
    func limit() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(repeating: 0x20, count: 3 << 20).write(to: directory.appending(path: "f"))
        #expect(
            message(path("f"), limit: 2 << 20)
                == "`\(path("f"))` is too large: 3 MiB, at most 2 MiB are read")
        #expect(message(path("f"), limit: 3 << 20) == nil)
    }

    @Test("a file that may not be read is refused", .enabled(if: getuid() != 0, "runs as root"))
    func permission() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data("x".utf8).write(to: directory.appending(path: "f"))
        #expect(chmod(path("f"), 0) == 0)
        #expect(message(path("f")) == "`\(path("f"))` cannot be read: permission denied")
    }
}
