// foundation JOBS GRAPH: the plain use of Foundation.Process, as its documentation suggests it: a termination handler,
// a semaphore for the slots, a lock around what is shared. GRAPH as limit.c reads it; ready steps start in file order.

import Foundation

struct Step {
    let output: String
    let dependencies: [Int]
    let program: URL
    let arguments: [String]
}

final class Finished: @unchecked Sendable {
    // The lock guards `steps`; handlers append on Foundation's thread, the main thread takes.
    private let lock = NSLock()
    private var steps: [(step: Int, status: Int32)] = []
    let signal = DispatchSemaphore(value: 0)

    func append(_ step: Int, status: Int32) {
        lock.lock()
        steps.append((step, status))
        lock.unlock()
        signal.signal()
    }

    func take() -> [(step: Int, status: Int32)] {
        lock.lock()
        defer { lock.unlock() }
        let taken = steps
        steps = []
        return taken
    }
}

func parse(_ line: Substring) -> Step? {
    let fields = line.split(separator: "\t").map(String.init)
    guard fields.count >= 3 else { return nil }
    return Step(
        output: fields[0],
        dependencies: fields[1].split(separator: ",").compactMap { Int($0) },
        program: URL(fileURLWithPath: fields[2]),
        arguments: Array(fields[3...]))
}

func start(_ step: Step, number: Int, finished: Finished) throws {
    let process = Process()
    process.executableURL = step.program
    process.arguments = step.arguments
    if step.output != "-" {
        let descriptor = open(step.output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        process.standardOutput = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
    process.terminationHandler = { finished.append(number, status: $0.terminationStatus) }
    try process.run()
}

func run(_ steps: [Step], jobs: Int) throws -> Bool {
    var dependents = [[Int]](repeating: [], count: steps.count)
    var waitingFor = steps.map(\.dependencies.count)
    for (number, step) in steps.enumerated() {
        for dependency in step.dependencies { dependents[dependency].append(number) }
    }
    var ready = steps.indices.filter { waitingFor[$0] == 0 }
    var next = 0
    var inFlight = 0
    var ended = 0
    let finished = Finished()
    while ended < steps.count {
        while next < ready.count, inFlight < jobs {
            try start(steps[ready[next]], number: ready[next], finished: finished)
            next += 1
            inFlight += 1
        }
        if inFlight == 0 { return false }
        finished.signal.wait()
        for (step, status) in finished.take() {
            inFlight -= 1
            ended += 1
            if status != 0 { return false }
            for dependent in dependents[step] {
                waitingFor[dependent] -= 1
                if waitingFor[dependent] == 0 { ready.append(dependent) }
            }
        }
    }
    return true
}

guard CommandLine.arguments.count == 3, let jobs = Int(CommandLine.arguments[1]), jobs > 0 else {
    FileHandle.standardError.write(Data("usage: foundation JOBS GRAPH\n".utf8))
    exit(2)
}
let text = try String(contentsOfFile: CommandLine.arguments[2], encoding: .utf8)
exit(try run(text.split(separator: "\n").compactMap(parse), jobs: jobs) ? 0 : 1)
