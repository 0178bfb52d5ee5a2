public import WorkflowModel

extension RecordWriter {
    /// Adds the 32 bytes of a digest.
    public mutating func digest(_ value: Digest) {
        number(value.words.0)
        number(value.words.1)
        number(value.words.2)
        number(value.words.3)
    }
}

extension RecordReader {
    /// Reads the 32 bytes of a digest.
    public mutating func digest() throws(DamagedBytes) -> Digest {
        Digest((try number(), try number(), try number(), try number()))
    }
}
