public import WorkflowModel

/// Sorts changed files into named classes by patterns; the first class that matches gets the file.
public struct ChangeClasses: Sendable {
    /// The class of files that no pattern matches.
    public static let other = "other"

    private let classes: [(name: String, patterns: PathPatterns)]

    /// The classes of a `[changes]` table in its order, then those of ``defaults`` that it does not
    /// name.
    ///
    /// - Parameter declared: names and patterns; patterns that begin with `!` exclude.
    /// - Throws: the first invalid pattern.
    public init(
        _ declared: [(name: String, patterns: [String])] = []
    ) throws(ChangePatternError) {
        let named = Set(declared.map(\.name))
        var classes: [(name: String, patterns: PathPatterns)] = []
        for line in declared + ChangeClasses.defaults.filter({ !named.contains($0.name) }) {
            classes.append((line.name, try PathPatterns(line.patterns, of: line.name)))
        }
        self.classes = classes
    }

    /// All names, in the order in which they are tried, ``other`` last.
    public var names: [String] {
        classes.map(\.name).filter { $0 != ChangeClasses.other } + [ChangeClasses.other]
    }

    /// The class of a path relative to the project root.
    public func name(of path: String) -> String {
        classes.first { $0.patterns.match(path) }?.name ?? ChangeClasses.other
    }

    /// The kind of a change as a whole, from the classes of its files: `docs-only`; `mixed` for two
    /// classes, or one class and unclassified files; `full-stack` for more; `unknown` for
    /// unclassified files only.
    public static func kind(of classes: Set<String>) -> String {
        let known = classes.subtracting([other])
        switch known.count {
        case 0: return classes.isEmpty ? "none" : "unknown"
        case 1 where classes.count == 1: return "\(known.first ?? other)-only"
        case 1, 2: return "mixed"
        default: return "full-stack"
        }
    }
}

/// An invalid pattern of a class.
public struct ChangePatternError: Error, Hashable, Sendable {
    /// The class.
    public var name: String
    /// The pattern as written.
    public var pattern: String
    /// What is wrong with it.
    public var error: GlobError
}

/// Patterns over paths; the usual forms cost next to nothing, because a change may have a million
/// files and a class has dozens of patterns.
struct PathPatterns: Sendable {
    private var included = Group()
    private var excluded = Group()

    init(_ texts: [String], of name: String) throws(ChangePatternError) {
        for text in texts {
            do throws(GlobError) {
                if text.hasPrefix("!") {
                    try excluded.add(String(text.dropFirst()))
                } else {
                    try included.add(text)
                }
            } catch {
                throw ChangePatternError(name: name, pattern: text, error: error)
            }
        }
    }

    func match(_ path: String) -> Bool { included.match(path) && !excluded.match(path) }

    /// Patterns of which one match is enough.
    private struct Group: Sendable {
        /// `**/NAME`, stored by the name.
        var names: Set<Substring> = []
        /// `**/*.ext`, stored by the text after the star.
        var endings: Set<Substring> = []
        /// `**/NAME` with stars in the name.
        var nameForms: [NameForm] = []
        /// `**/NAME/**`, stored by the name.
        var directories: Set<Substring> = []
        var directoryForms: [NameForm] = []
        var globs: [Glob] = []

        mutating func add(_ text: String) throws(GlobError) {
            guard let (name, isDirectory) = Group.anywhere(text) else {
                globs.append(try Glob(text))
                return
            }
            let hasStar = name.utf8.contains(UInt8(ascii: "*"))
            let ending = name.dropFirst()
            if isDirectory {
                if hasStar {
                    directoryForms.append(NameForm(name))
                } else {
                    directories.insert(name)
                }
            } else if !hasStar {
                names.insert(name)
            } else if name.utf8.first == UInt8(ascii: "*"),
                ending.utf8.first == UInt8(ascii: "."), !ending.utf8.contains(UInt8(ascii: "*"))
            {
                endings.insert(ending)
            } else {
                nameForms.append(NameForm(name))
            }
        }

        /// The name in a pattern `**/NAME` or `**/NAME/**` whose only wildcards are stars.
        static func anywhere(_ text: String) -> (name: Substring, isDirectory: Bool)? {
            guard text.hasPrefix("**/") else { return nil }
            var name = text.dropFirst(3)
            let isDirectory = name.hasSuffix("/**")
            if isDirectory { name = name.dropLast(3) }
            let special = "/?[]{}\\".utf8
            guard !name.isEmpty, name != ".", name != "..", name != "**",
                !name.utf8.contains(where: { special.contains($0) })
            else { return nil }
            return (name, isDirectory)
        }

        func match(_ path: String) -> Bool {
            let parts = path.split(separator: "/")
            guard let name = parts.last else { return false }
            if names.contains(name) || nameForms.contains(where: { $0.matches(name) }) {
                return true
            }
            if !endings.isEmpty {
                for dot in name.utf8.indices where name.utf8[dot] == UInt8(ascii: ".") {
                    if endings.contains(name[dot...]) { return true }
                }
            }
            if !directories.isEmpty || !directoryForms.isEmpty {
                for part in parts.dropLast()
                where directories.contains(part)
                    || directoryForms.contains(where: { $0.matches(part) })
                {
                    return true
                }
            }
            return globs.contains { $0.matches(path) }
        }
    }
}

/// A name with stars, each of which stands for any characters.
private struct NameForm: Sendable {
    private let pieces: [[UInt8]]

    init(_ text: Substring) {
        pieces = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
            .map(Array.init)
    }

    /// The first and last piece match at the ends, and each other piece as early as possible.
    func matches(_ name: Substring) -> Bool {
        guard let first = pieces.first, let last = pieces.last else { return false }
        var rest = Array(name.utf8)[...]
        guard pieces.count > 1 else { return rest.elementsEqual(first) }
        guard rest.count >= first.count + last.count, rest.starts(with: first),
            rest.suffix(last.count).elementsEqual(last)
        else { return false }
        rest = rest.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            while !rest.starts(with: piece) {
                guard rest.count > piece.count else { return false }
                rest = rest.dropFirst()
            }
            rest = rest.dropFirst(piece.count)
        }
        return true
    }
}
