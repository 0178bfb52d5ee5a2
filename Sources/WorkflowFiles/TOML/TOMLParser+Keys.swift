import WorkflowModel

/// Reads keys and headers, and applies TOML's rules on which table may still be extended.
extension TOMLParser {
    // MARK: Syntax

    /// Reads a key, dotted or not, into ``path``.
    mutating func parseKeyPath() throws(AbandonedStatement) {
        path.removeAll(keepingCapacity: true)
        while true {
            path.append(try parseKeyPart())
            // Spaces may surround the dot; those after the last part do not belong to the key.
            let end = at
            skipSpace()
            guard current == ASCII.dot else {
                at = end
                return
            }
            guard path.count < Self.depthLimit else {
                throw fail("a key of more than \(Self.depthLimit) parts", at: at)
            }
            at += 1
            skipSpace()
        }
    }

    private mutating func parseKeyPart() throws(AbandonedStatement) -> SourceKey {
        let start = at
        switch current {
        case ASCII.quote, ASCII.apostrophe:
            if peek(1) == current, peek(2) == current {
                throw fail("a key cannot be a multi-line string", at: at, length: 3)
            }
            let key = try parseString()
            return SourceKey(key, at: range(from: start))
        default:
            while Self.isBareKeyByte(current) { at += 1 }
            guard at > start else { throw missingKey() }
            if current >= 0x80 { throw nonASCIIKey(start) }
            let key = String(decoding: bytes[start..<at], as: UTF8.self)
            return SourceKey(key, at: range(from: start))
        }
    }

    @inline(__always)
    static func isBareKeyByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.underscore
            || byte == ASCII.minus
    }

    private mutating func missingKey() -> AbandonedStatement {
        if current >= 0x80 { return nonASCIIKey(at) }
        if current == ASCII.equals {
            return fail(
                "the key before `=` is missing", at: at, help: "a line reads `key = value`")
        }
        if path.isEmpty, depth > 0, current == ASCII.comma {
            return fail("a key is missing before `,`", at: at, help: "remove the comma")
        }
        if path.isEmpty, depth == 0, "{}],".utf8.contains(current) {
            return fail(
                "`\(text(at, at + 1))` without anything that it belongs to", at: at,
                help: "a line reads `key = value`, `[table]` or `[[array of tables]]`")
        }
        let after = path.isEmpty ? "" : " after `.`"
        if isAtLineEnd { return fail("a key is missing\(after)", at: at, length: 0) }
        return fail(
            "a key is missing\(after): it cannot begin with `\(text(at, at + 1))`", at: at,
            help: "keys are made of A-Z a-z 0-9 _ -, anything else needs quotes")
    }

    private mutating func nonASCIIKey(_ start: Int) -> AbandonedStatement {
        var end = start
        while end < bytes.count, bytes[end] >= 0x80 || Self.isBareKeyByte(bytes[end]) { end += 1 }
        return fail(
            "a key with letters outside ASCII needs quotes", at: start, length: end - start,
            help: "write `\"\(text(start, end))\"`")
    }

    mutating func missingEquals(keyStart: Int) -> AbandonedStatement {
        let key = text(keyStart, previousTextEnd)
        if current == ASCII.colon {
            return fail(
                "`:` where `=` belongs", at: at, help: "write `\(key) = …`")
        }
        if isAtLineEnd || current == ASCII.hash {
            return fail(
                "`=` and a value are missing after the key `\(key)`", at: previousTextEnd,
                length: 0, help: "write `\(key) = \"…\"`")
        }
        var end = at
        while end < bytes.count, Self.isBareKeyByte(bytes[end]) || bytes[end] == ASCII.space {
            end += 1
        }
        if end < bytes.count, bytes[end] == ASCII.equals, end > at {
            let lastEnd = trimmedEnd(keyStart, end)
            return fail(
                "a key with spaces needs quotes", at: keyStart, length: lastEnd - keyStart,
                help: "write `\"\(text(keyStart, lastEnd))\" = …`")
        }
        return fail(
            "`=` is missing after the key `\(key)`", at: at, help: "write `\(key) = …`")
    }

    private func trimmedEnd(_ start: Int, _ end: Int) -> Int {
        var end = end
        while end > start, bytes[end - 1] == ASCII.space { end -= 1 }
        return end
    }

    // MARK: Rules

    /// Follows the dotted key in ``path`` from a table, and creates the tables that it names; nil
    /// when the key exists already (which is reported).
    mutating func resolvePath(
        from table: TOMLTree.TableID
    ) -> (table: TOMLTree.TableID, key: SourceKey)? {
        var table = table
        for part in 0..<path.count - 1 {
            guard let next = stepInto(path[part], of: table) else { return nil }
            table = next
        }
        let key = path[path.count - 1]
        guard let taken = tree.slot(key, in: table) else { return (table, key) }
        reportTaken(key, by: taken)
        return nil
    }

    /// The table under one leading part of a dotted key.
    private mutating func stepInto(
        _ key: SourceKey, of table: TOMLTree.TableID
    ) -> TOMLTree.TableID? {
        guard let slot = tree.slot(key, in: table) else {
            let new = tree.addTable(.dotted, at: key.range)
            tree.insert(key, .table(new), into: table)
            return new
        }
        if case .table(let next) = slot.child {
            switch tree.tables[Int(next)].origin {
            case .dotted, .detached: return next
            case .implied:
                tree.setDotted(next)
                return next
            case .header, .inline: break
            }
        }
        if case .broken = slot.child { return nil }
        switch slot.child {
        case .table, .array:
            report(
                "the table `\(key.text)` cannot be added to by a dotted key",
                at: Int(key.range.offset), length: Int(key.range.length),
                help: "put the key under the table's own header",
                related: [.init("the table is here", at: place(of: slot))])
        case .value, .broken:
            reportNotATable(key, slot)
        }
        return nil
    }

    /// Opens the table that the header in ``path`` names; nil when it cannot be (which is reported).
    mutating func openSection(isArray: Bool, header: SourceRange) -> TOMLTree.TableID? {
        var table = TOMLTree.root
        for part in 0..<path.count - 1 {
            guard let next = descend(path[part], from: table) else { return nil }
            table = next
        }
        let key = path[path.count - 1]
        guard let slot = tree.slot(key, in: table) else {
            let new = tree.addTable(.header, at: header)
            let child: TOMLTree.Child =
                isArray ? .array(tree.addArray(new, at: header)) : .table(new)
            tree.insert(key, child, into: table)
            return new
        }
        switch slot.child {
        case .array(let array) where isArray:
            let new = tree.addTable(.header, at: header)
            tree.append(new, toArray: array)
            return new
        case .table(let id) where !isArray && tree.tables[Int(id)].origin == .implied:
            tree.setHeader(of: id, at: header)
            return id
        case .broken:
            return nil
        default:
            reportReopened(key, slot, isArray: isArray, header: header)
            return nil
        }
    }

    /// The table under one leading part of a header; of an array of tables, its last element.
    private mutating func descend(
        _ key: SourceKey, from table: TOMLTree.TableID
    ) -> TOMLTree.TableID? {
        guard let slot = tree.slot(key, in: table) else {
            let new = tree.addTable(.implied, at: key.range)
            tree.insert(key, .table(new), into: table)
            return new
        }
        switch slot.child {
        case .table(let id): return id
        case .array(let index): return tree.arrays[index].elements.last
        case .broken: return nil
        case .value:
            reportNotATable(key, slot)
            return nil
        }
    }

    // MARK: Messages

    private mutating func reportTaken(_ key: SourceKey, by slot: TOMLTree.Slot) {
        let isValue =
            switch slot.child {
            case .value, .broken: true
            case .table, .array: false
            }
        report(
            isValue
                ? "the key `\(key.text)` is given twice"
                : "the key `\(key.text)` is already a table",
            at: Int(key.range.offset), length: Int(key.range.length),
            help: isValue ? "keep one of the two" : nil,
            related: [.init("first given here", at: place(of: slot))])
    }

    private mutating func reportNotATable(_ key: SourceKey, _ slot: TOMLTree.Slot) {
        var help: String?
        var kind = "a value"
        if case .value(let value) = slot.child {
            if case .table = value.content {
                kind = "an inline table, which is complete"
                help = "put the key between the `{` and `}`"
            } else if case .array = value.content {
                kind = "an array of values"
            }
        }
        report(
            "`\(key.text)` is \(kind): it cannot be extended",
            at: Int(key.range.offset), length: Int(key.range.length),
            help: help, related: [.init("first given here", at: place(of: slot))])
    }

    private mutating func reportReopened(
        _ key: SourceKey, _ slot: TOMLTree.Slot, isArray: Bool, header: SourceRange
    ) {
        let name = path.map(\.text).joined(separator: ".")
        let message: String
        var help: String?
        switch slot.child {
        case .array:
            message = "`\(name)` is an array of tables"
            help = "write `[[\(name)]]` for its next element"
        case .table(let id) where isArray && tree.tables[Int(id)].origin != .dotted:
            message = "`\(name)` is a table, not an array of tables"
            // A header like `[[tasks.steps]]` makes `tasks` a table.
            help =
                tree.tables[Int(id)].origin == .header
                ? "write `[[\(name)]]` at all places, or `[\(name)]` at one"
                : "write `[[\(name)]]` before the first header that begins with `\(name).`"
        case .table:
            message = "the table `\(name)` is defined twice"
            help =
                path.count == 1 && name == "step" || name == "steps"
                ? "write `[[\(name)]]` for each of several" : "put the keys under one header"
        case .value, .broken:
            message = "the key `\(key.text)` is given twice"
        }
        report(
            message, at: Int(header.offset), length: Int(header.length), help: help,
            related: [.init("first given here", at: place(of: slot))])
    }

    private func place(of slot: TOMLTree.Slot) -> SourceRange {
        switch slot.child {
        case .table(let id): tree.tables[Int(id)].range
        case .array(let index): tree.arrays[index].range
        case .value, .broken: slot.key.range
        }
    }
}
