import Synchronization

/// A step that reads or changes a disk.
public enum StorageStep: Sendable {
    /// A new file; room for one; its mapping.
    case create, reserve, map
    case write, remove
    case rename(to: String)
    /// A file's content made to survive power loss; the names in its folder.
    case sync(descriptor: Int32)
    case syncFolder
    /// SQL, `BEGIN` and `COMMIT` included.
    case statement(String)
}

/// Decides what becomes of steps; `Tests/Simulation` brings the only one.
public protocol StorageFaults: Sendable {
    /// Asked before each step on the file at `path`. 0: it goes on; else the errno with which it fails. A
    /// `remove` or `syncFolder` that is refused is simply not done.
    func refusal(of step: StorageStep, _ path: String) -> Int32
}

/// Where a simulation reaches the disk: errors, full disks, and a process that ends between two steps.
///
/// No step is made for a query. While nobody simulates, a step costs one relaxed load more. Faults are bound to
/// the work of one thread by `withFaults`; other threads of the process see none.
public enum StorageSeam {
    @TaskLocal private static var faults: (any StorageFaults)?
    private static let isUsed = Atomic<Bool>(false)

    public static func withFaults<R>(_ faults: any StorageFaults, _ body: () throws -> R) rethrows
        -> R
    {
        isUsed.store(true, ordering: .relaxed)
        return try $faults.withValue(faults, operation: body)
    }

    /// 0, or the errno with which the step is to fail.
    static func refusal(of step: StorageStep, _ path: String) -> Int32 {
        guard isUsed.load(ordering: .relaxed), let faults else { return 0 }
        return faults.refusal(of: step, path)
    }

    static func check(_ step: StorageStep, _ path: String) throws(FileError) {
        let failure = refusal(of: step, path)
        if failure != 0 {
            throw FileError(path: path, action: .step("\(step)"), errno: failure)
        }
    }
}
