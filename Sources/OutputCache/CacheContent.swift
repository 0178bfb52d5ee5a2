package import Execution
import Platform
import SystemCalls

/// Copies bytes into an entry or out of it, and hashes them on the way.
package enum CacheContent {
    /// Bytes per read.
    package static let chunk = 1 << 18
    /// Contents of at least this size begin at a block boundary, so that file systems can share
    /// their blocks.
    static let cloned: UInt64 = 1 << 16
    static let block: UInt64 = 4096

    /// The result of copying.
    package struct Copy {
        package var size: UInt64
        package var digest: Digest
        /// The error number of each side; zero on success.
        var readError: Int32 = 0
        var writeError: Int32 = 0
    }

    /// Copies bytes, at most up to the end of the source.
    ///
    /// - Parameters:
    ///   - source: Read from `offset` on.
    ///   - offset: The start in the source.
    ///   - size: The largest number of bytes.
    ///   - target: Written from `place` on; nil to hash only.
    ///   - place: The start in the target.
    ///   - look: Called with all bytes.
    /// - Returns: What was copied.
    package static func copy(
        _ source: Int32, from offset: UInt64, size: UInt64, to target: Int32?, at place: UInt64,
        look: ((UnsafeRawBufferPointer) -> Void)? = nil
    ) -> Copy {
        // When blocks are shared nothing is written; the copied bytes are then read and hashed.
        let isCloned =
            target.map { clone(source, from: offset, size: size, to: $0, at: place) } ?? false
        var hash = SHA256()
        var result = Copy(size: 0, digest: .zero)
        let bufferSize = Int(clamping: min(UInt64(chunk), max(1, size)))
        withUnsafeTemporaryAllocation(byteCount: bufferSize, alignment: 64) { buffer in
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
        // The rest of the last block is copied too, and later cut off or overwritten.
        let length = (size + block - 1) / block * block
        guard
            stepvisor_clone_range(source, off_t(offset), off_t(size), target, off_t(place)) == 0
                || stepvisor_clone_range(source, off_t(offset), off_t(length), target, off_t(place))
                    == 0
        else { return false }
        return true
    }

    /// Writes all bytes; returns 0, or the error number.
    package static func write(_ bytes: UnsafeRawBufferPointer, to target: Int32, at place: UInt64)
        -> Int32
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
