public import Platform

/// `.stepvisor/key`: random bytes that are part of every digest in a project with secrets.
///
/// A short secret could be guessed from its digest; with the key in it this is impossible for
/// anyone who has a record but not the key.
public enum ProjectKey {
    private static let name = "key"
    private static let length = 32

    /// Creates the key unless it exists; the project's lock must be held.
    public static func make(in state: StateDirectory) throws(SystemError) {
        guard stored(in: state) == nil else { return }
        try state.replace(name, with: Array(fresh().utf8))
    }

    /// The project's key; without one, a random key, with which no digest can be reproduced.
    package static func text(root: String) -> String {
        (try? StateDirectory(root: root, create: false)).flatMap { stored(in: $0) } ?? fresh()
    }

    private static func stored(in state: StateDirectory) -> String? {
        guard let file = PrivateFile.reading([name], in: state.descriptor) else { return nil }
        let bytes = FileBytes.read(file.number, offset: 0, limit: 2 * length + 1)
        return bytes.count == 2 * length ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private static func fresh() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<length).map { _ in
            let digits = String(UInt8.random(in: .min ... .max, using: &random), radix: 16)
            return digits.utf8.count < 2 ? "0" + digits : digits
        }.joined()
    }
}
