/// An upper bound of the memory that the system's regular expression compiler needs for a pattern.
///
/// The compiler copies what is repeated. For each position of the result it stores every position
/// that is reachable without reading a byte, which grows with the square of the optional parts
/// (`a{0,10000}` has 10,000 positions and 100 million such pairs). Both numbers are computed from
/// the pattern alone, without compiling it.
struct LogPatternCost {
    /// The positions of an expression and the pairs among them; numbers stop at ``ceiling``.
    private struct Part {
        /// Number of positions.
        var places = 0
        /// Positions reachable from the beginning without reading a byte.
        var first = 0
        /// Positions from which the end is reachable without reading a byte.
        var last = 0
        /// Pairs of positions of which the second is reachable from the first without reading a
        /// byte.
        var pairs = 0
        /// Whether it may match nothing.
        var isNullable = true

        static let one = Part(places: 1, first: 1, last: 0, pairs: 1, isNullable: false)

        /// Concatenation.
        func followed(by next: Part) -> Part {
            Part(
                places: sum(places, next.places),
                first: isNullable ? sum(first, next.first) : first,
                last: next.isNullable ? sum(last, next.last) : next.last,
                pairs: sum(sum(pairs, next.pairs), product(sum(last, 1), next.first)),
                isNullable: isNullable && next.isNullable)
        }

        /// Alternation.
        func or(_ other: Part) -> Part {
            let first = sum(sum(first, other.first), 1)
            return Part(
                places: sum(sum(places, other.places), 1), first: first,
                last: sum(sum(last, other.last), isNullable || other.isNullable ? 1 : 0),
                pairs: sum(sum(pairs, other.pairs), first),
                isNullable: isNullable || other.isNullable)
        }

        /// The expression, or nothing.
        var optional: Part {
            Part(
                places: sum(places, 1), first: sum(first, 1), last: sum(last, 1),
                pairs: sum(pairs, sum(first, 1)), isNullable: true)
        }

        /// Repetition: wherever the end is reachable, the beginning is too.
        var repeated: Part {
            var part = optional
            part.pairs = sum(part.pairs, product(sum(last, 1), part.first))
            return part
        }
    }

    /// Where counting stops: far above what is allowed, and far below an overflow.
    private static let ceiling = 1 << 40

    private static func sum(_ a: Int, _ b: Int) -> Int { min(ceiling, a + b) }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? ceiling : min(ceiling, product)
    }

    /// Bytes for each position and each pair: 1.5 times what was measured with glibc 2.39.
    private static let bytesPerPlace = 512
    private static let bytesPerPair = 12

    private let text: [UInt8]
    private var at = 0

    private init(_ text: [UInt8]) { self.text = text }

    /// Bytes that compiling takes at most.
    ///
    /// An invalid pattern costs nothing: the system's compiler rejects it.
    static func bytes(of text: [UInt8]) -> Int {
        var reader = LogPatternCost(text)
        var whole = reader.alternatives()
        while reader.at < text.count {
            // A closing bracket without an opening one.
            reader.at += 1
            whole = whole.followed(by: reader.alternatives())
        }
        return sum(product(whole.places, bytesPerPlace), product(whole.pairs, bytesPerPair))
    }

    private mutating func alternatives() -> Part {
        var part = sequence()
        while at < text.count, text[at] == UInt8(ascii: "|") {
            at += 1
            part = part.or(sequence())
        }
        return part
    }

    private mutating func sequence() -> Part {
        var part = Part()
        while at < text.count, text[at] != UInt8(ascii: "|"), text[at] != UInt8(ascii: ")") {
            part = part.followed(by: repetitions(of: atom()))
        }
        return part
    }

    private mutating func atom() -> Part {
        defer { at = min(at, text.count) }
        switch text[at] {
        case UInt8(ascii: "("):
            at += 1
            let inner = alternatives()
            at += 1
            // Each of the two brackets has a position of its own.
            return Part(places: 1, first: 1, last: 1, pairs: 1).followed(by: inner)
                .followed(by: Part(places: 1, first: 1, last: 1, pairs: 1))
        case UInt8(ascii: "["):
            at = LogPattern.end(ofBracketAt: at, in: text)
        case UInt8(ascii: "\\"):
            at += 2
        case UInt8(ascii: "^"), UInt8(ascii: "$"):
            at += 1
            return Part(places: 1, first: 1, last: 1, pairs: 1)
        default:
            at += 1
        }
        return .one
    }

    private mutating func repetitions(of part: Part) -> Part {
        var part = part
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "*"):
                part = part.repeated
            case UInt8(ascii: "+"):
                part = part.followed(by: part.repeated)
            case UInt8(ascii: "?"):
                part = part.optional
            case UInt8(ascii: "{"):
                guard let (least, greatest, end) = bounds() else { return part }
                part = LogPatternCost.copies(of: part, least, greatest)
                at = end
                continue
            default:
                return part
            }
            at += 1
        }
        return part
    }

    /// The numbers of `{2}`, `{2,}`, `{2,5}` or `{,5}`, and what follows; nil for any other text.
    private func bounds() -> (least: Int, greatest: Int?, end: Int)? {
        guard let close = text[at...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let parts = text[(at + 1)..<close].split(
            separator: UInt8(ascii: ","), maxSplits: 1, omittingEmptySubsequences: false)
        var numbers: [Int?] = []
        for part in parts {
            guard part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            // The system rejects larger numbers.
            let number = part.prefix(6).reduce(0) { $0 * 10 + Int($1 - 0x30) }
            numbers.append(part.isEmpty ? nil : min(number, 0x8000))
        }
        guard let first = numbers.first, first != nil || numbers.count == 2 else { return nil }
        return (first ?? 0, numbers.count == 1 ? first : numbers[1], close + 1)
    }

    /// Copies as the system makes them: the minimum one by one, and the rest as `((a?a)?a)?`.
    private static func copies(of part: Part, _ least: Int, _ greatest: Int?) -> Part {
        var all = Part()
        for _ in 0..<least where all.pairs < ceiling { all = all.followed(by: part) }
        guard let greatest else { return all.followed(by: part.repeated) }
        guard greatest > least else { return all }
        var rest = part.optional
        for _ in 1..<(greatest - least) where rest.pairs < ceiling {
            rest = rest.followed(by: part).optional
        }
        return all.followed(by: rest)
    }
}
