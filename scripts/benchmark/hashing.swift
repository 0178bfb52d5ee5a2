// How fast SHA-256 is, by the processor's instructions and without: compiled together with
// Sources/Execution/SHA256.swift.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

@main
struct Hashing {
    /// Bytes that are hashed in one go, as a reader of files would.
    static let pieceSize = 128 << 10

    static func main() {
        let total = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 256 << 20
        let piece = [UInt8](repeating: 0x5A, count: pieceSize)
        var ways = [("plain", false)]
        if SHA256.hasInstructions { ways.append(("instructions", true)) }
        for (name, usesInstructions) in ways {
            let start = seconds()
            var hash = SHA256(usesInstructions: usesInstructions)
            for _ in 0..<(total / pieceSize) { hash.update(piece) }
            let digest = hash.digest64()
            let rate = Double(total) / (seconds() - start) / 1e6
            print(name, Int(rate), String(digest, radix: 16))
        }
    }
}
