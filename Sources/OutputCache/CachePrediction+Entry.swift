package import Execution
package import FileState
import Platform

extension CachePrediction {
    /// What an entry would give: read to its end, as a restore would read it, and nothing is changed.
    package static func outlook(
        _ fingerprint: Digest, _ outputs: [String], left: [FileRecord],
        in directory: CacheDirectory, root: String
    ) -> CachePrediction {
        switch directory.open(CacheDirectory.path(of: fingerprint)) {
        case .missing: return .miss
        case .refused(let obstacle): return .unfit(obstacle.reason)
        case .found(let entry):
            do throws(CacheError) {
                let manifest = try CacheCheck.manifest(
                    of: entry, madeFrom: fingerprint, outputs: outputs)
                _ = try ExtraOutputs(
                    beside: manifest, outputs: outputs, left: left, root: root)
                try check(manifest, entry.file.number, root: root)
                return .hit(run: manifest.run)
            } catch {
                switch error {
                case .damage(let reason): return .damaged(reason)
                case .unfit(let reason): return .unfit(reason)
                }
            }
        }
    }

    /// Throws for an entry that a restore would reject.
    private static func check(
        _ manifest: CacheManifest, _ entry: Int32, root: String
    ) throws(CacheError) {
        let tree = try CacheError.meet { () throws(SystemError) in try ProjectTree(root: root) }
        for part in manifest.outputs {
            let path = try CacheCheck.path(of: part)
            let parent: Int32
            do throws(SystemError) {
                parent = try tree.parent(of: path)
            } catch {
                // A restore would create a missing directory.
                guard error.isAbsence else { throw .unfit(error.description) }
                continue
            }
            _ = try CacheCheck.isThere(part, at: path, in: parent)
        }
        for part in manifest.parts where part.kind != .directory && part.kind != .link {
            try CacheCheck.verify(
                CacheContent.copy(entry, from: part.offset, size: part.size, to: nil, at: 0), part)
        }
    }
}
