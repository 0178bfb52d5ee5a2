import Foundation
import Platform
import SystemCalls

/// The two sockets that Foundation creates for one process.
package struct SocketPair {
    /// Foundation's own end: its number, and the inode that shows whether the number still is that
    /// socket.
    var parentNumber: Int32
    var parentInode: UInt64
    /// The end that the child inherits, and its number in this process.
    var childNumber: Int32
    var childInode: UInt64
    /// Our duplicate of the child's end.
    var duplicate: Int32
}

/// /dev/null as an input handle: Foundation asks for its descriptor inside `run()`, between
/// creating its socketpair and spawning, which is when the pair can be found.
final class SocketCapturingInput: FileHandle, @unchecked Sendable {
    // Invariant for @unchecked Sendable: used by the launching thread only; Foundation reads
    // `fileDescriptor` inside `run()`, on that same thread.
    package let descriptor: Int32
    private var isArmed = false
    private var expected: [Int32] = []
    private var captured: SocketPair?
    /// Known sockets: those that existed at the start, and the pairs of living processes.
    private var known: Set<UInt64> = []
    /// Numbers that Foundation's thread is about to close, so that the next pair may get them.
    private var closing: [Int32] = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
        super.init(fileDescriptor: descriptor, closeOnDealloc: false)
        learnAll()
    }

    /// Records every existing socket as known.
    func learnAll() { known.formUnion(sockets().map(\.inode)) }

    required init?(coder: NSCoder) { nil }

    /// Called before `run()`: the two lowest free numbers, which the pair gets unless Foundation's
    /// thread closes a lower one meanwhile.
    package func expect(_ first: Int32, _ second: Int32) {
        expected = [first, second]
        isArmed = true
    }

    override var fileDescriptor: Int32 {
        if isArmed {
            isArmed = false
            capture()
        }
        return descriptor
    }

    private func capture() {
        captured = nil
        var pair = news(among: expected)
        if pair.count != 2 { pair = news(among: expected + closing) }
        if pair.count != 2 { pair = sockets().filter { !known.contains($0.inode) } }
        // The first launch creates two more sockets, for Foundation's own thread, after the pair.
        guard pair.count >= 2 else { return }
        // socketpair(2) creates its first end first, with the smaller inode: that is Foundation's
        // own.
        pair.sort { $0.inode < $1.inode }
        for other in pair.dropFirst(2) { known.insert(other.inode) }
        let duplicate = fcntl(pair[1].number, F_DUPFD_CLOEXEC, 3)
        guard duplicate >= 0 else { return }
        captured = SocketPair(
            parentNumber: pair[0].number, parentInode: pair[0].inode,
            childNumber: pair[1].number, childInode: pair[1].inode, duplicate: duplicate)
    }

    private func news(among numbers: [Int32]) -> [(number: Int32, inode: UInt64)] {
        var found: [(number: Int32, inode: UInt64)] = []
        for number in numbers {
            guard let inode = socketInode(of: number), !known.contains(inode),
                !found.contains(where: { $0.number == number })
            else { continue }
            found.append((number, inode))
        }
        return found
    }

    /// Every socket of this process.
    private func sockets() -> [(number: Int32, inode: UInt64)] {
        (DirectoryListing.names(of: "/proc/self/fd") ?? []).compactMap { name in
            guard let number = Int32(name), let inode = socketInode(of: number) else { return nil }
            return (number, inode)
        }
    }

    private func socketInode(of number: Int32) -> UInt64? {
        guard number > 2 else { return nil }
        var facts = stat()
        guard fstat(number, &facts) == 0, facts.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return UInt64(facts.st_ino)
    }

    /// Called after `run()`: the pair that was found; nil when there was none.
    ///
    /// Foundation has closed the child's end by now and keeps its own open; otherwise something
    /// else was captured.
    func takeSockets() -> SocketPair? {
        guard let pair = captured else { return nil }
        captured = nil
        guard socketInode(of: pair.parentNumber) == pair.parentInode,
            socketInode(of: pair.childNumber) != pair.childInode
        else {
            LibC.close(pair.duplicate)
            return nil
        }
        known.insert(pair.parentInode)
        known.insert(pair.childInode)
        return pair
    }

    /// Releases the pair of a failed `run()`.
    ///
    /// Foundation leaves both ends open. If only the child's end were closed, its thread would wait
    /// for ever for a process that never existed: it has to forget its own end first.
    package func forget() {
        isArmed = false
        guard let pair = captured else { return }
        captured = nil
        if socketInode(of: pair.parentNumber) == pair.parentInode,
            stepvisor_abandon_socket(pair.parentNumber) == 0
        {
            if socketInode(of: pair.childNumber) == pair.childInode {
                LibC.close(pair.childNumber)
            }
            LibC.close(pair.duplicate)
            return
        }
        known.insert(pair.parentInode)
        known.insert(pair.childInode)
        LibC.close(pair.duplicate)
    }

    /// Called when Foundation may reap a process: the number of its end will become free.
    func expectClosed(_ pair: SocketPair) {
        if closing.count >= 8 { closing.removeFirst() }
        closing.append(pair.parentNumber)
    }

    /// Called when both ends are closed: their inodes may be reused.
    func forgetClosed(_ pair: SocketPair) {
        known.remove(pair.parentInode)
        known.remove(pair.childInode)
    }
}
