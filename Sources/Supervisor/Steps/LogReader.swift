import Execution
import Platform
import StateStore
import SystemCalls

/// Reads steps' logs for views, by step index.
struct LogReader: Sendable {
    let directory: RunDirectory
    let steps: [StepHeader]
    var mask = SecretMask.none

    /// Everything that a view can query, including the current terminal size.
    func surroundings(terminal: Int32?) -> ViewSurroundings {
        var size: (columns: Int, rows: Int)?
        if let terminal {
            var columns: Int32 = 0
            var rows: Int32 = 0
            // In the background, redrawn lines would overwrite those of the shell.
            let group = tcgetpgrp(terminal)
            let isForeground = group < 0 || group == getpgrp()
            if isForeground, stepvisor_terminal_size(terminal, &columns, &rows) == 0 {
                size = (Int(columns), Int(rows))
            }
        }
        var surroundings = ViewSurroundings(
            terminalSize: size, logTail: tail, logBytes: bytes,
            logPath: { "\(StateDirectory.runPath(directory.id))/logs/\(steps[$0].id).log" })
        surroundings.mask = mask
        surroundings.logSize = logSize
        return surroundings
    }

    @Sendable private func tail(_ step: Int, _ limit: Int) -> [UInt8] {
        tail(step, limit, since: 0)
    }

    /// The last bytes that a step has written since an offset, at most the given number.
    func tail(_ step: Int, _ limit: Int, since begin: Int64) -> [UInt8] {
        guard steps.indices.contains(step), let log = directory.readLog(of: steps[step].id) else {
            return []
        }
        let size = Int64(lseek(log.number, 0, SEEK_END))
        // A log truncated since then contains only what was written afterwards.
        let begin = max(self.begin(of: log, step), begin > size ? 0 : begin)
        let start = max(begin, size - Int64(limit))
        // A secret that is cut by the beginning can only be recognised with the bytes before it.
        let lead = Int(min(start - begin, Int64(mask.reach)))
        let bytes = FileBytes.read(
            log.number, offset: start - Int64(lead), limit: Int(size - start) + lead)
        return mask.isEmpty ? bytes : mask.masked(bytes, afterLead: lead)
    }

    @Sendable private func logSize(_ step: Int) -> Int64 {
        guard steps.indices.contains(step), let log = directory.readLog(of: steps[step].id) else {
            return 0
        }
        return log.size ?? 0
    }

    @Sendable private func bytes(_ step: Int, _ offset: Int64, _ limit: Int) -> [UInt8] {
        guard steps.indices.contains(step), let log = directory.readLog(of: steps[step].id) else {
            return []
        }
        return FileBytes.read(log.number, offset: begin(of: log, step) + offset, limit: limit)
    }

    /// Where the step's own output begins.
    private func begin(of log: borrowing Descriptor, _ step: Int) -> Int64 {
        LogSection.start(of: log, step: steps[step].id, run: directory.id)
    }
}
