import WorkflowModel

/// A speclet (a group of tasks) while its table is read.
struct SpecletDraft {
    var id: String
    var name: String?
    var range: SourceRange
    var dependencies: [(name: String, range: SourceRange)] = []
    var isParallelAllowed = true
    var tasks: DocumentTable.Entry?
    /// Ids of its tasks that are declared elsewhere in the file.
    var named: [(name: String, range: SourceRange)] = []
    /// Tasks declared inside it.
    var ownTasks: [DocumentValue] = []
    /// Indices of its tasks, with the places that name them.
    var members: [(task: Int, range: SourceRange)] = []
}

/// The speclets of one file.
struct SpecletFile {
    var scope: FileScope
    /// The tasks of the file; each belongs to one speclet.
    var tasks: Range<Int>
    var speclets: [SpecletDraft] = []
}

extension WorkflowTables {
    static let speclet = KeyTable<SpecletDraft>(
        .speclet,
        [
            KeyRule("id", "a string or an integer") { draft, entry, reader in
                draft.range = entry.value.range
                if let id = reader.taskID(entry.value, of: entry.key) { draft.id = id }
            },
            .string("name") { $0.name = $1 },
            KeyRule("dependencies", or: ["depends_on"], "a list of ids") { draft, entry, reader in
                for value in reader.list(entry, of: "speclet ids") ?? [] {
                    guard let id = reader.taskID(value, of: entry.key) else { continue }
                    draft.dependencies.append((id, value.range))
                }
            }
            .habits(
                "needs", "deps", "dep", "depends", "dependency", "requires", "after",
                "upstream", "prerequisites"),
            KeyRule("tasks", "a list of task ids or of tables") { draft, entry, reader in
                draft.tasks = entry
                for value in reader.list(entry, of: "task ids or tables") ?? [] {
                    if case .table = value.content {
                        draft.ownTasks.append(value)
                    } else if let id = reader.taskID(value, of: entry.key) {
                        draft.named.append((id, value.range))
                    }
                }
            },
            .boolean("parallel_allowed") { $0.isParallelAllowed = $1 },
        ] + ["description", "purpose", "critical", "goal"].map { .ignored($0) })
}
