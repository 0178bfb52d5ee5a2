import Execution
import Foundation
import Synchronization
import Testing

@testable import Platform
@testable import StateStore
@testable import Supervisor
@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Files of a run")
    struct RunFileTests {
        @Test(
            "of each step the journal has launched, started and ended, in this order, between its ends"
        )
        func order() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                for number in 0..<60 {
                    scenario.direct(
                        "s\(number)", ["true"], after: number < 20 ? [] : ["s\(number - 20)"])
                }
                let run = try await project.run(scenario)
                #expect(run.journal.problems == [])
                var seen: [Int: [String]] = [:]
                var last = RunTime.zero
                for event in run.journal.events {
                    #expect(event.time >= last)
                    last = event.time
                    switch event.kind {
                    case .launched(let step, _, _, _): seen[step, default: []].append("launched")
                    case .started(let step, let pid, let ticks, _):
                        #expect(pid > 0 && ticks > 0)
                        seen[step, default: []].append("started")
                    case .ended(let step, _):
                        seen[step, default: []].append("ended")
                        for dependency in run.record.header.steps[step].dependencies {
                            #expect(seen[Int(dependency)]?.last == "ended")
                        }
                    default: break
                    }
                }
                #expect(seen.count == 60)
                #expect(seen.values.allSatisfy { $0 == ["launched", "started", "ended"] })
                guard case .runStarted = run.journal.events.first?.kind,
                    run.journal.events.last?.kind == .runEnded(.complete)
                else {
                    Issue.record("the journal's ends are missing")
                    return
                }
            }
        }

        @Test(
            "progress.json is whole whenever it is looked at, and says at the end what the journal says"
        )
        func progress() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                for number in 0..<150 { scenario.shell("s\(number)", "sleep 0.02; echo \(number)") }
                scenario.shell("bad", "exit 9")
                let documents = Mutex<[String]>([])
                let run = try await project.run(scenario) { conductor in
                    try conductor.wait(for: "driver.pid")
                    while conductor.project.read("driver.report") == nil {
                        guard let text = conductor.project.read(".stepvisor/latest/progress.json")
                        else { continue }
                        documents.withLock { if $0.last != text { $0.append(text) } }
                    }
                }
                let all = documents.withLock { $0 }
                #expect(all.count >= 2)
                for text in all {
                    let document =
                        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                    #expect(document?["run_id"] as? String == run.report.runID)
                }
                let text = try #require(project.read(".stepvisor/latest/progress.json"))
                let final = try #require(
                    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
                #expect(final["status"] as? String == "failed")
                #expect(text.contains("\"exit_code\"") && !text.contains("\"pending\""))
            }
        }

        @Test("all is for this user only, and `latest` leads to the run")
        func modes() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.resources = [.init(name: "api", capacity: 1)]
                scenario.shell("one", "umask; echo x > \"$STEPVISOR_OUTPUT\"") {
                    $0.resources = ["api": 1]
                }
                scenario.shell("piped", "echo") { $0.log = "pipe" }
                let run = try await project.run(scenario)
                let state = "\(project.root)/.stepvisor"
                func mode(_ path: String) -> mode_t {
                    var facts = stat()
                    return lstat("\(state)/\(path)", &facts) == 0 ? facts.st_mode & 0o777 : 0
                }
                let id = run.report.runID
                for path in [
                    "", "runs", "runs/\(id)", "runs/\(id)/logs", "runs/\(id)/outputs", "locks",
                ] {
                    #expect(mode(path) == 0o700, "\(path)")
                }
                let files = ["events.ndjson", "progress.json", "logs/one.log", "logs/piped.log"]
                for path in files.map({ "runs/\(id)/\($0)" }) + ["locks/api.0", ".gitignore"] {
                    #expect(mode(path) == 0o600, "\(path)")
                }
                #expect(
                    try FileManager.default.destinationOfSymbolicLink(atPath: "\(state)/latest")
                        == "runs/\(id)")
                #expect(project.read(".stepvisor/.gitignore") == "*\n")
                // The user's own umask is the step's.
                #expect(run.log("one").hasPrefix("00"))
            }
        }

        @Test(
            "a .stepvisor that is open to others is closed to them before anything is put into it",
            arguments: [0o777, 0o755, 0o770] as [mode_t])
        func openDirectory(found: mode_t) async throws {
            try await Project.with { project in
                let path = "\(project.root)/.stepvisor"
                mkdir(path, 0o700)
                chmod(path, found)
                func mode() -> mode_t {
                    var facts = stat()
                    return lstat(path, &facts) == 0 ? facts.st_mode & 0o777 : 0
                }
                _ = try StateDirectory(root: project.root, create: false)
                #expect(mode() == found, "a command that only looks changes nothing")
                _ = try StateDirectory(root: project.root, create: true)
                #expect(mode() == 0o700)
            }
        }

        @Test(
            "links in the place of .stepvisor, runs or a file are refused",
            arguments: [".stepvisor", ".stepvisor/runs"])
        func links(path: String) async throws {
            try await Project.with { project in
                mkdir("\(project.root)/elsewhere", 0o700)
                if path != ".stepvisor" { mkdir("\(project.root)/.stepvisor", 0o700) }
                symlink("\(project.root)/elsewhere", "\(project.root)/\(path)")
                #expect(throws: SystemError.self) {
                    let state = try StateDirectory(root: project.root, create: true)
                    _ = try state.makeRun()
                }
                #expect(DirectoryListing.names(of: "\(project.root)/elsewhere") == [])
            }
        }

        @Test("a journal that cannot grow stops the run, and what it holds stays readable")
        func noRoom() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.surroundings.fileSizeLimit = 12_000
                scenario.shell("long", "sleep 60")
                for number in 0..<40 {
                    scenario.shell(
                        "s\(number)", "true", after: number == 0 ? [] : ["s\(number - 1)"])
                }
                let run = try await project.run(scenario)
                #expect(run.report.problem?.contains("cannot write") == true)
                #expect(run.report.status != "complete")
                #expect(run.journal.problems == [])
                #expect(run.journal.events.count > 10)
                #expect(run.report.childrenAfter == 0)
            }
        }

        @Test("a full disk stops the run", .enabled(if: geteuid() == 0, "mounting takes root"))
        func fullDisk() async throws {
            try await Project.with { project in
                let disk = "\(project.root)/.stepvisor"
                mkdir(disk, 0o700)
                guard mount("tmpfs", disk, "tmpfs", 0, "size=256k,mode=700") == 0 else { return }
                defer { umount2(disk, Int32(MNT_DETACH)) }
                var scenario = Scenario()
                scenario.shell("fill", "cat /dev/zero > .stepvisor/fill; true")
                scenario.shell("long", "sleep 60", after: ["fill"])
                for number in 0..<40 { scenario.shell("s\(number)", "true", after: ["fill"]) }
                let run = try await project.run(scenario)
                #expect(run.report.problem?.contains("No space left") == true)
                #expect(run.report.status != "complete")
                #expect(run.journal.problems == [])
            }
        }
    }
}
