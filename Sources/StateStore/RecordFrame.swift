package import WorkflowModel

/// The frame of a record in a file that only grows, by which a changed record is told from one that a
/// death cut off.
///
/// ```
/// record  mark, mixed with the length (4 bytes)  length of the body (4)  checksum of the body (8)  body
/// ```
package enum RecordFrame {
    static let headSize = 16

    /// Mixed with the length of a record, so that neither can be changed alone.
    private static func mark(of length: UInt32) -> UInt32 { 0x4b53_5601 ^ length &* 0x9e37_79b1 }

    /// A record, whose body `fill` writes.
    package static func record(_ fill: (inout RecordWriter) -> Void) -> [UInt8] {
        var body = RecordWriter(reserving: 512)
        fill(&body)
        let length = UInt32(truncatingIfNeeded: body.bytes.count)
        var whole = RecordWriter(reserving: headSize + body.bytes.count)
        whole.number(mark(of: length))
        whole.number(length)
        whole.number(body.bytes.withUnsafeBytes { RecordChecksum.of($0) })
        whole.raw(body.bytes)
        return whole.bytes
    }

    /// Where the body of the record is that begins at a place; nil where there is no whole and unharmed
    /// one.
    package static func body(in bytes: UnsafeRawBufferPointer, at place: Int) -> Range<Int>? {
        var reader = RecordReader(bytes, from: place)
        guard let mark = try? reader.number(UInt32.self),
            let length = try? reader.number(UInt32.self), mark == self.mark(of: length),
            let checksum = try? reader.number(UInt64.self),
            let body = try? reader.raw(Int(length)), RecordChecksum.of(body) == checksum
        else { return nil }
        let start = place + headSize
        return start..<(start + Int(length))
    }

    /// Whether what begins at a place is the beginning of a record that was never finished, or room that
    /// was never filled.
    static func isCutOff(in bytes: UnsafeRawBufferPointer, at place: Int) -> Bool {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[place...])
        if rest.count < 8 || rest.allSatisfy({ $0 == 0 }) { return true }
        var reader = RecordReader(rest)
        guard let mark = try? reader.number(UInt32.self),
            let length = try? reader.number(UInt32.self)
        else { return true }
        return mark == self.mark(of: length) && Int(length) > rest.count - headSize
    }

    /// How the records of a file are framed; earlier versions of the program used the other two.
    package enum Form {
        case marked
        /// Length and checksum.
        case checked
        /// The length alone.
        case plain
    }

    /// Calls with each record of a file that begins with one of these lines, until one is cut off or
    /// damaged.
    package static func forEach(
        in bytes: [UInt8], _ forms: [(firstLine: String, form: Form)],
        _ body: (inout RecordReader) throws(DamagedBytes) -> Void
    ) {
        guard let (firstLine, form) = forms.first(where: { bytes.starts(with: $0.firstLine.utf8) })
        else { return }
        bytes.withUnsafeBytes { buffer in
            var place = firstLine.utf8.count
            while let range = range(of: form, in: buffer, at: place) {
                var reader = RecordReader(UnsafeRawBufferPointer(rebasing: buffer[range]))
                guard (try? body(&reader)) != nil else { return }
                place = range.upperBound
            }
        }
    }

    private static func range(
        of form: Form, in bytes: UnsafeRawBufferPointer, at place: Int
    ) -> Range<Int>? {
        if form == .marked { return body(in: bytes, at: place) }
        var reader = RecordReader(bytes, from: place)
        guard let length = try? reader.number(UInt32.self) else { return nil }
        let checksum = form == .checked ? try? reader.number(UInt64.self) : nil
        guard let body = try? reader.raw(Int(length)),
            form == .plain || checksum == RecordChecksum.of(body)
        else { return nil }
        return (reader.place - Int(length))..<reader.place
    }
}
