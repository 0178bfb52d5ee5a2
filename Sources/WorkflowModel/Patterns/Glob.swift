/// A pattern over paths relative to the project root.
///
/// `*` stands for any run of characters of one name, `?` for one character, `[a-z]` and `[!a-z]`
/// for one of a set, `{a,b}` for alternatives (nested too), `**` as a whole name for any number of
/// directories, at the end for everything below. `\` takes the next character literally, a final
/// `/` means everything below a directory. A name that begins with a dot is matched like any other.
///
/// It is compiled to a nondeterministic automaton no longer than the text, so matching takes at
/// most the product of both lengths.
public struct Glob: Sendable {
    /// The pattern, with `..` resolved where its text allows it; `**` for the whole project.
    public let text: String
    /// The only path that it matches, when it has no wildcard.
    public let literal: String?
    /// The directory that contains all matches, without a final `/`; empty for the root.
    public let directory: String
    /// The text with which all matches begin; it may end within a name.
    public let prefix: String
    private let program: GlobProgram

    /// The largest length of a pattern, in bytes: comparing two takes the product of their lengths.
    public static let maximumLength = 1024

    /// Compiles a pattern, or throws a ``GlobError`` that says what is wrong with it.
    public init(_ text: String) throws(GlobError) {
        let located = Self.located(text, root: nil)
        var compiler = try GlobCompiler(located)
        try compiler.compile()
        self.text = compiler.isRoot ? "**" : located
        program = compiler.program
        if compiler.isLiteral {
            literal = compiler.literalPrefix
        } else {
            literal = nil
        }
        prefix = compiler.literalPrefix
        directory = Self.directory(of: prefix)
    }

    /// Whether the pattern matches a path in the form of ``normalized(_:)``.
    public func matches(_ path: String) -> Bool {
        if let literal { return literal == path }
        guard Self.isInside(path, directory: directory) else { return false }
        return program.accepts(path)
    }

    /// Whether some path matches both; takes the product of the two lengths.
    public func overlaps(_ other: Glob) -> Bool {
        if let literal { return other.matches(literal) }
        if let literal = other.literal { return matches(literal) }
        guard
            Self.isInside(directory, directory: other.directory)
                || Self.isInside(other.directory, directory: directory)
        else { return false }
        return program.overlaps(other.program)
    }

    /// The path without `./` and without doubled and final slashes, which do not change the file it
    /// names.
    public static func normalized(_ path: String) -> String {
        guard needsNormalizing(path) else { return path }
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).filter {
            !$0.elementsEqual(".".utf8)
        }
        let joined = parts.map { String(Substring($0)) }.joined(separator: "/")
        return path.utf8.first == UInt8(ascii: "/") ? "/" + joined : joined
    }

    /// A path or pattern relative to the project root, by its text alone: without `..` that cancels
    /// the name before it, and without the root itself.
    public static func located(_ text: String, root: String?) -> String {
        guard text.utf8.first == UInt8(ascii: "/") || hasParent(text) else { return text }
        var names: [Substring.UTF8View] = []
        for name in text.utf8.split(separator: UInt8(ascii: "/")) {
            guard !name.elementsEqual(".".utf8) else { continue }
            // The name before it is a pattern, so the target of `..` is unknown.
            if name.elementsEqual("..".utf8), let last = names.last,
                !last.elementsEqual("..".utf8), !last.contains(where: varying.contains)
            {
                names.removeLast()
            } else {
                names.append(Substring(name).utf8)
            }
        }
        let isDirectory = text.utf8.last == UInt8(ascii: "/")
        let path = names.map { String(Substring($0)) }.joined(separator: "/")
        guard text.utf8.first == UInt8(ascii: "/") else {
            return path.isEmpty ? "." : isDirectory ? path + "/" : path
        }
        let absolute = "/" + path
        guard let root, root != "/", isInside(absolute, directory: root) else { return text }
        let inside = String(absolute.utf8.dropFirst(root.utf8.count + 1)) ?? ""
        return inside.isEmpty ? "." : isDirectory ? inside + "/" : inside
    }

    private static let varying = Array("*?[{}\\".utf8)

    /// Whether it is the project root, in any spelling.
    private static func isRoot(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: ".") && normalized(text).isEmpty
    }

    /// Whether `..` is one of its names, or a name ends in it.
    private static func hasParent(_ text: String) -> Bool {
        var (last, before): (UInt8, UInt8) = (0, 0)
        for byte in text.utf8 {
            if byte == UInt8(ascii: "/"), last == UInt8(ascii: "."), before == UInt8(ascii: ".") {
                return true
            }
            (before, last) = (last, byte)
        }
        return last == UInt8(ascii: ".") && before == UInt8(ascii: ".")
    }

    /// Whether the text has a wildcard, an escape, `.` or `..`; false means that it is a plain
    /// path.
    static func needsCompiling(_ text: String) -> Bool {
        if hasParent(text) || text.utf8.last == UInt8(ascii: ".") && isRoot(text) { return true }
        var last: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "{"),
                UInt8(ascii: "\\"):
                return true
            default: last = byte
            }
        }
        return last == UInt8(ascii: "/") || last == 0
    }

    /// Whether a path is a directory or lies below it; everything lies below the root.
    static func isInside(_ path: String, directory: String) -> Bool {
        if directory.isEmpty { return true }
        guard path.utf8.starts(with: directory.utf8) else { return false }
        let rest = path.utf8.dropFirst(directory.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") || directory == "/"
    }

    /// The directory part of a path; empty when it has none.
    static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    private static func needsNormalizing(_ path: String) -> Bool {
        var last = UInt8(ascii: "/")
        for byte in path.utf8 {
            if last == UInt8(ascii: "/"),
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
            {
                return true
            }
            last = byte
        }
        return last == UInt8(ascii: "/")
    }
}

/// Why a text is not a pattern.
public enum GlobError: Error, Hashable, Sendable {
    case empty
    case tooLong
    case unclosedSet
    case unclosedAlternatives
    case nestedTooDeeply
    case reversedRange(Unicode.Scalar, Unicode.Scalar)
    case trailingBackslash

    /// The rest of a sentence that begins with the pattern.
    public var message: String {
        switch self {
        case .empty: "is empty"
        case .tooLong: "is longer than \(Glob.maximumLength) bytes"
        case .unclosedSet: "has a `[` without its `]`"
        case .unclosedAlternatives: "has a `{` without its `}`"
        case .nestedTooDeeply: "nests `{…}` deeper than \(GlobCompiler.maximumDepth)"
        case .reversedRange(let a, let b): "has the range `\(a)-\(b)`, which is reversed"
        case .trailingBackslash: "ends in `\\`, which takes nothing literally"
        }
    }

    /// What to write instead, if anything.
    public var help: String? {
        switch self {
        case .unclosedSet: "for a literal bracket write `\\[`"
        case .unclosedAlternatives: "for a literal brace write `\\{`"
        case .reversedRange(let a, let b): "write `\(b)-\(a)`"
        case .trailingBackslash: "for a literal backslash write `\\\\`"
        default: nil
        }
    }
}
