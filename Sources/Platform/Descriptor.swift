package import SystemCalls

/// A file descriptor with one owner; closed when the owner is destroyed.
package struct Descriptor: ~Copyable {
    /// The number; never negative.
    package let number: Int32

    /// Takes ownership of an open descriptor.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens relative to a directory, not following a link at the end; close-on-exec.
    package static func open(
        _ name: String, in directory: Int32 = AT_FDCWD, flags: Int32, mode: mode_t = 0o600
    ) throws(SystemError) -> Descriptor {
        let number = stepvisor_open_at(directory, name, flags, mode)
        guard number >= 0 else { throw SystemError("open", name) }
        return Descriptor(owning: number)
    }

    /// Bytes in the file; nil when the system does not report them.
    package var size: Int64? {
        var facts = stat()
        return fstat(number, &facts) == 0 ? Int64(facts.st_size) : nil
    }

    /// Gives up ownership without closing.
    package consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}

/// Reading and writing whole buffers.
package enum FileBytes {
    /// Writes all bytes, continuing after interruptions and short writes.
    package static func write(
        _ bytes: [UInt8], to descriptor: Int32, subject: @autoclosure () -> String
    ) throws(SystemError) {
        let code = bytes.withUnsafeBytes { write($0, to: descriptor) }
        if code != 0 { throw SystemError("write", subject(), code: code) }
    }

    /// Writes all bytes of a buffer; returns 0, or the error number.
    package static func write(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let count = LibC.write(descriptor, base + done, buffer.count - done)
            if count > 0 {
                done += count
            } else if count == 0 {
                return ENOSPC
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    /// Reads at most `limit` bytes from an offset; fewer at the end, none when reading fails.
    package static func read(_ descriptor: Int32, offset: Int64, limit: Int) -> [UInt8] {
        guard limit > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = 0
            while count < limit, let base = buffer.baseAddress {
                let got = pread(
                    descriptor, base + count, limit - count, off_t(offset) + off_t(count))
                if got > 0 {
                    count += got
                } else if got == 0 || errno != EINTR {
                    break
                }
            }
        }
    }

    /// The result of one read from the beginning; empty when reading fails.
    package static func readOnce(_ descriptor: Int32, limit: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var got: Int
            repeat {
                got = pread(descriptor, buffer.baseAddress, limit, 0)
            } while got < 0 && errno == EINTR
            count = max(0, got)
        }
    }

    /// The whole content of a small file such as those of `/proc`; nil when it cannot be opened.
    package static func contents(
        of path: String, limit: Int = 1 << 20, followingLinks: Bool = false
    ) -> [UInt8]? {
        let number =
            followingLinks
            ? openAsExecDoes(path) : stepvisor_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0)
        guard number >= 0 else { return nil }
        defer { close(number) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = Swift.min(chunk.count, limit - bytes.count)
            let got = chunk.withUnsafeMutableBytes { LibC.read(number, $0.baseAddress, count) }
            if got < 0 && errno == EINTR { continue }
            if got <= 0 { break }
            bytes.append(contentsOf: chunk[..<got])
        }
        return bytes
    }
}

extension FileBytes {
    /// Opens for reading the file that the kernel would execute, links followed; -1 when it cannot
    /// be read.
    package static func openAsExecDoes(_ path: String) -> Int32 {
        open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    }
}
