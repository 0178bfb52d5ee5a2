extension FileContent {
    /// How the files of one list differ from those of an earlier one, both sorted by path: `edited`,
    /// `new`, `removed`, `retyped` where one is of another kind by now, or `mode` where only whether it
    /// can be executed differs.
    public static func changes(from old: [FileContent], to new: [FileContent]) -> [RunReason.Detail]
    {
        var changes: [RunReason.Detail] = []
        var (mine, theirs) = (new[...], old[...])
        while let file = mine.first ?? theirs.first {
            let (now, before) = (mine.first, theirs.first)
            if let now, let before, now.path == before.path {
                if now.isOtherKind(than: before) {
                    changes.append(.init(file.name, change: "retyped"))
                } else if now.digest != before.digest {
                    changes.append(.init(file.name, change: "edited"))
                } else if now.kind != before.kind {
                    changes.append(.init(file.name, change: "mode"))
                }
                mine.removeFirst()
                theirs.removeFirst()
            } else if let now,
                before.map({ now.path.lexicographicallyPrecedes($0.path) }) ?? true
            {
                changes.append(.init(now.name, change: "new"))
                mine.removeFirst()
            } else if let before {
                changes.append(.init(before.name, change: "removed"))
                theirs.removeFirst()
            }
        }
        return changes
    }

    /// The lowest bit of ``kind`` only says whether it can be executed.
    private func isOtherKind(than other: FileContent) -> Bool { kind >> 1 != other.kind >> 1 }
}

extension RunReason {
    /// Why a step has to run for what it left behind.
    ///
    /// - Parameters:
    ///   - left: What its last success left of its declared outputs, sorted by path.
    ///   - now: What there is of them now, sorted by path.
    ///   - hasResult: Whether what it wrote to `STEPVISOR_OUTPUT` is there, where it wrote something.
    /// - Returns: Nothing where all is as it was left.
    public static func outputs(
        left: [FileContent], now: [FileContent], hasResult: Bool
    ) -> [RunReason] {
        let changes = FileContent.changes(from: left, to: now)
        let missing =
            (hasResult ? [] : [Detail("its STEPVISOR_OUTPUT")])
            + changes.filter { $0.change == "removed" }.map { Detail($0.subject) }
        let changed = changes.filter { $0.change != "removed" }
        return (missing.isEmpty ? [] : [RunReason(.outputMissing, missing)])
            + (changed.isEmpty ? [] : [RunReason(.outputChanged, changed)])
    }

    /// Whether the run of a step that this one needs may do away with the cause: what that one
    /// produces, and the files that it writes, are not yet what this one will be made from.
    public var mayBeMendedByNeeds: Bool {
        kind == .inputsChanged || kind == .dependencyDiffers || kind == .dependencyUnknown
    }
}
