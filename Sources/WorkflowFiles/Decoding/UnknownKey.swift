import DependencyGraph
import WorkflowModel

/// Suggests what an unknown key was most likely meant to be.
struct UnknownKey {
    /// What to write instead; nil when nothing is near.
    let help: String?
    /// Whether it is a known key in another form or with one typing error, and so not a project's
    /// own key.
    let isMisspelt: Bool

    /// - Parameters:
    ///   - entry: The key as written.
    ///   - source: The table that it stands in.
    ///   - table: The kind of that table.
    ///   - keys: The keys that are known in it.
    init(
        _ entry: DocumentTable.Entry, in source: DocumentTable, of table: WorkflowKey.Table,
        known keys: [WorkflowKey]
    ) {
        let written = Self.folded(entry.key)
        if let spelling = Self.spelling(written, in: keys) {
            (help, isMisspelt) = (Self.didYouMean(spelling), true)
            return
        }
        if let key = Self.habit(written, in: keys, beside: source) {
            (help, isMisspelt) = (Self.didYouMean(key.name), false)
            return
        }
        let others = WorkflowKeys.all.filter { !$0.isIgnored && $0.table != table }
        let places = others.filter { $0.spellings.contains { Self.folded($0) == written } }
        if let first = places.first {
            let list = Wording.list(Self.places(places.map(\.table)), "or")
            let name = first.spellings.first { Self.folded($0) == written } ?? entry.key
            (help, isMisspelt) = ("`\(name)` belongs \(list)", false)
            return
        }
        if let near = Self.near(entry.key, among: keys.flatMap(\.spellings)) {
            help = Self.didYouMean(near.name)
            isMisspelt = near.distance == 1 && entry.key.utf8.count >= 6
            return
        }
        isMisspelt = false
        let elsewhere = others.filter { $0.habits.contains { Self.folded($0) == written } }
            .sorted { Self.rank($0.table, from: table) < Self.rank($1.table, from: table) }
        if let first = elsewhere.first {
            let tables = elsewhere.filter { $0.name == first.name }.map(\.table)
            help = "did you mean `\(first.name)` \(Wording.list(Self.places(tables), "or"))?"
            return
        }
        // Too many words are near a short one.
        let habits = keys.flatMap(\.habits).filter { $0.utf8.count > 3 }
        let near = Self.near(entry.key, among: habits)?.name
        help = near.flatMap { habit in keys.first { $0.habits.contains(habit) } }
            .map { Self.didYouMean($0.name) }
    }

    /// The order in which tables are searched for a key in the wrong table.
    private static func rank(_ table: WorkflowKey.Table, from place: WorkflowKey.Table) -> Int {
        let order: [WorkflowKey.Table] =
            place == .workflow ? [.step, .execution] : [.execution, .workflow, .step]
        return order.firstIndex(of: table) ?? order.count
    }

    /// The text without case and word separators: `dependsOn` and `depends-on` become `depends_on`.
    static func folded(_ text: String) -> String {
        text.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
    }

    private static func didYouMean(_ name: String) -> String { "did you mean `\(name)`?" }

    private static func spelling(_ written: String, in keys: [WorkflowKey]) -> String? {
        keys.lazy.flatMap(\.spellings).first { folded($0) == written }
    }

    /// The key for which another tool uses this name; among several, the first that the table does
    /// not hold yet.
    private static func habit(
        _ written: String, in keys: [WorkflowKey], beside source: DocumentTable
    ) -> WorkflowKey? {
        let meant = keys.filter { $0.habits.contains { folded($0) == written } }
        let given = Set(source.entries.map(\.key))
        return meant.first { given.isDisjoint(with: $0.spellings) } ?? meant.first
    }

    private static func near(
        _ written: String, among names: [String]
    ) -> (name: String, distance: Int)? {
        NearMiss.best(for: written, among: names).map { name in
            let limit = written.unicodeScalars.count + name.unicodeScalars.count
            return (name, NearMiss.distance(from: written, to: name, limit: limit) ?? limit)
        }
    }

    /// "in `[execution]`, a step": one preposition for all.
    private static func places(_ tables: [WorkflowKey.Table]) -> [String] {
        tables.enumerated().map { number, table in
            number == 0 || table == .workflow ? table.place : table.rawValue
        }
    }
}

extension ValueReader {
    /// Reports an error, or a warning in a file that may have keys of the project's own.
    mutating func reportUnknown(
        _ entry: DocumentTable.Entry, in source: DocumentTable, of table: WorkflowKey.Table,
        keys: () -> [WorkflowKey]
    ) {
        // Reported once, however many steps have it.
        let name = "\(table.rawValue) \(entry.key)"
        guard ownKeys?.contains(name) != true else { return }
        let message = "unknown key `\(entry.key)` \(table.place)"
        var unknown: UnknownKey?
        if unknownKeysLeft > 0 {
            unknownKeysLeft -= 1
            unknown = UnknownKey(entry, in: source, of: table, known: keys())
        }
        guard ownKeys != nil, unknown?.isMisspelt != true else {
            report(.error(message, at: entry.keyRange, help: unknown?.help))
            return
        }
        ownKeys?.insert(name)
        report(
            .warning(
                "\(message), left alone as one of the project's own", at: entry.keyRange,
                help: unknown?.help))
    }
}
