public import Platform
import WorkflowModel

extension ProcessEnvironment {
    /// The path of the working directory as it is shown; nil when it was removed.
    public static var shownWorkingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return DisplayText.fileName(UnsafeRawBufferPointer(start: path, count: strlen(path)))
    }
}
