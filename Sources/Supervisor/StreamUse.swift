import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Tells whether a command, or a script that it names, opens its standard streams by name.
///
/// `echo x > /dev/stderr` opens the log anew and truncates it, so such a step gets a pipe.
struct StreamUse {
    private let root: String
    /// What was found in files, by absolute path; false for what is no script.
    private var found: [String: Bool] = [:]

    init(root: String) { self.root = root }

    /// Looks at the words of a command and at every script among them.
    mutating func areNamed(by command: Command, in directory: String?) -> Bool {
        switch command {
        case .script(let path):
            return isNamed(inScript: path, from: [root])
        case .arguments(let words):
            return words.contains { StreamUse.isNamed(in: $0) }
                || isNamed(inScriptsAmong: words, directory: directory)
        case .shell(let line):
            return StreamUse.isNamed(in: line)
                || isNamed(inScriptsAmong: StreamUse.words(of: line), directory: directory)
        }
    }

    /// A script may be named from the step's directory, the root, or where a `cd` leads.
    private mutating func isNamed(inScriptsAmong words: [String], directory: String?) -> Bool {
        let start = directory.map { StreamUse.join(root, $0) } ?? root
        var places = [start]
        var follows = false
        for word in words.prefix(StreamUse.mostWords) {
            if follows { places.append(StreamUse.join(places.last ?? start, word)) }
            follows = word == "cd"
            if !word.hasPrefix("-"), isNamed(inScript: word, from: places) { return true }
        }
        return false
    }

    private mutating func isNamed(inScript word: String, from places: [String]) -> Bool {
        for place in places {
            let path = StreamUse.join(place, word)
            if let known = found[path] {
                if known { return true }
                continue
            }
            let answer = StreamUse.isNamed(inFile: path)
            found[path] = answer
            if answer { return true }
        }
        return false
    }

    private static func isNamed(inFile path: String) -> Bool {
        var facts = stat()
        // Scripts are short; programs are known by their first bytes and not searched.
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
            facts.st_size <= StreamUse.mostBytes,
            let bytes = FileBytes.contents(
                of: path, limit: StreamUse.mostBytes, followingLinks: true),
            !bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46])
        else { return false }
        return isNamed(in: String(decoding: bytes, as: UTF8.self))
    }

    private static func isNamed(in text: String) -> Bool {
        // By bytes: this is asked of every word of every step, and nearly always in vain.
        var rest = text.utf8[...]
        while let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
            rest = rest[slash...]
            for name in names where rest.starts(with: name) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    /// What could be the path of a script in a line of shell; quotes and operators separate.
    private static func words(of line: String) -> [String] {
        line.split { character in
            character.isWhitespace || "'\"`;|&()<>{}$=".contains(character)
        }.map(String.init)
    }

    private static func join(_ directory: String, _ path: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    private static let names = ["/dev/std", "/dev/fd/", "/proc/self/fd/"].map(\.utf8)
    private static let mostWords = 64
    private static let mostBytes = 1 << 18
}
