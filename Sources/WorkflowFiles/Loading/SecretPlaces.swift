/// Finds what may be a secret in the text of a workflow file, valid or not.
///
/// A file that cannot be parsed has no keys and values, so this searches for words: the names in
/// every list `secrets`, and every table `environment` when such a list cannot be parsed. It rather
/// takes too much than too little for a value, since it only decides what messages about the file
/// do not show.
struct SecretPlaces {
    /// Names that are secret, in any file of the workflow.
    private(set) var names: Set<[UInt8]> = []
    /// Whether a list of names could not be parsed.
    var isListBroken = false
    /// Whether the text after a closed string on its line may belong to the value: `"hunt"er2`.
    var hasMistakes = true

    private static let environment = Array("environment".utf8)
    private static let lists = [Array("secrets".utf8), Array("secret".utf8)]

    /// Collects the names in a file's lists; call this for all files before searching any.
    mutating func learnNames(from bytes: [UInt8]) {
        // Most files have no such list, and this test is cheaper than checking each word.
        guard SecretText.holdsSecret(bytes) else { return }
        let text = SecretText(bytes)
        for word in text.words where SecretPlaces.lists.contains(text.inSmallLetters(word)) {
            guard let value = text.valueStart(behind: word) else { continue }
            let (found, isWhole) = text.quotedList(from: value)
            names.formUnion(found)
            if !isWhole { isListBroken = true }
        }
    }

    /// The values in a file that must not be shown, as ascending ranges that do not touch.
    func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        guard !names.isEmpty || isListBroken else { return [] }
        let text = SecretText(bytes)
        var ranges: [Range<Int>] = []
        var tableEnd = 0
        for word in text.words where word.lowerBound >= tableEnd {
            let isSecret = names.contains(Array(bytes[word]))
            let isTable =
                isListBroken && bytes[word].elementsEqual(SecretPlaces.environment)
            if isTable, let end = text.headerEnd(behind: word) {
                // A table: everything up to the next header, except the keys.
                tableEnd = text.nextHeader(from: end)
                ranges += text.values(ofLines: end..<tableEnd)
            } else if isTable,
                text.bytes[safe: text.skipQuote(word.upperBound)] == UInt8(ascii: ".")
            {
                // A dotted key: what follows its last part.
                if let value = text.valueStart(behind: text.lastPart(ofKeyWith: word)) {
                    ranges += self.value(of: word, from: value, in: text)
                }
            } else if isSecret || isTable {
                if let value = text.valueStart(behind: word) {
                    ranges += self.value(of: word, from: value, in: text)
                } else if isSecret, text.isFirstOnLine(word) {
                    // No equals sign: the rest of the line may be the value.
                    ranges += text.value(from: text.skipQuote(word.upperBound))
                }
            }
        }
        return SecretPlaces.merged(ranges)
    }

    private func value(of word: Range<Int>, from start: Int, in text: SecretText) -> [Range<Int>] {
        let value = text.value(from: start)
        guard hasMistakes, let end = value.last?.upperBound else { return value }
        let rest = text.rest(behind: end, isStatement: text.isFirstOnLine(word))
        return value + (rest.isEmpty ? [] : [rest])
    }

    private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                let end = max(last.upperBound, range.upperBound)
                merged[merged.count - 1] = last.lowerBound..<end
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
