import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes on their way into an entry or out of it, hashed as they pass.
enum CacheContent {
    /// Bytes that pass at once.
    static let chunk = 1 << 18
    /// Contents from this size begin at a block, so that file systems can share their blocks.
    static let cloned: UInt64 = 1 << 16
    static let block: UInt64 = 4096

    /// What came of copying.
    struct Copy {
        var size: UInt64
        var digest: Digest
        /// What the system said of one of both sides; zero where all went well.
        var readError: Int32 = 0
        var writeError: Int32 = 0
    }

    /// Copies bytes, up to the end of the source at most.
    ///
    /// - Parameters:
    ///   - source: Read from `offset` on.
    ///   - offset: In the source.
    ///   - size: The most bytes.
    ///   - target: Written from `place` on; nil to hash only.
    ///   - place: In the target.
    ///   - look: Is shown all bytes.
    /// - Returns: What was copied.
    static func copy(
        _ source: Int32, from offset: UInt64, size: UInt64, to target: Int32?, at place: UInt64,
        look: ((UnsafeRawBufferPointer) -> Void)? = nil
    ) -> Copy {
        // Where blocks are shared nothing is written, and what has come is hashed.
        let isCloned =
            target.map { clone(source, from: offset, size: size, to: $0, at: place) } ?? false
        var hash = SHA256()
        var result = Copy(size: 0, digest: .zero)
        let most = Int(clamping: min(UInt64(chunk), max(1, size)))
        withUnsafeTemporaryAllocation(byteCount: most, alignment: 64) { buffer in
            while result.size < size {
                let wanted = Int(clamping: min(UInt64(buffer.count), size - result.size))
                let count = pread(
                    isCloned ? target ?? source : source, buffer.baseAddress, wanted,
                    off_t((isCloned ? place : offset) + result.size))
                if count < 0, errno == EINTR { continue }
                if count < 0 { result.readError = errno }
                guard count > 0 else { return }
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                hash.update(bytes)
                look?(bytes)
                if let target, !isCloned {
                    result.writeError = write(bytes, to: target, at: place + result.size)
                    guard result.writeError == 0 else { return }
                }
                result.size += UInt64(count)
            }
        }
        result.digest = Digest(hash)
        return result
    }

    private static func clone(
        _ source: Int32, from offset: UInt64, size: UInt64, to target: Int32, at place: UInt64
    ) -> Bool {
        guard size >= cloned, offset % block == 0, place % block == 0 else { return false }
        // The rest of the last block comes along, and is cut off or written over.
        let length = (size + block - 1) / block * block
        guard
            stepvisor_clone_range(source, off_t(offset), off_t(size), target, off_t(place)) == 0
                || stepvisor_clone_range(source, off_t(offset), off_t(length), target, off_t(place))
                    == 0
        else { return false }
        return true
    }

    /// Writes all bytes; 0, or the error number.
    static func write(_ bytes: UnsafeRawBufferPointer, to target: Int32, at place: UInt64) -> Int32
    {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = pwrite(
                target, base + done, bytes.count - done, off_t(place) + off_t(done))
            if count > 0 {
                done += count
            } else if count == 0 {
                return ENOSPC
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
