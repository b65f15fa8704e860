import Glibc
import Platform
import Seeds

/// The disk of a simulated machine: counts storage steps, refuses some, and when the process or the power
/// ends takes the picture of the state folder that they leave.
///
/// `@unchecked Sendable`: one simulation, one thread.
final class Disk: StorageFaults, @unchecked Sendable {
    enum End: String {
        /// `kill -9`: all that was stored is there, mapped memory included.
        case kill
        /// Of what was not synced any part is there, by sector, and any beginning of what was done to names.
        case powerLoss
    }

    /// The state folder, another one after each crash.
    private(set) var folder: String
    private let root: String
    private var pictures = 0
    private(set) var steps = 0
    /// Whether reading is a step: it changes nothing, so a process that ends there left the same before.
    var countsReads = true
    /// The process has ended: nothing is done any more, until `revive`.
    private(set) var isDead = false
    /// At which step the process ends, and how.
    var end: (step: Int, how: End)?
    /// Ends the process, or fails the step, where it says so.
    var fate: ((StorageStep, String) -> Fate?)?
    enum Fate {
        case end(End)
        case failure(Int32)
    }
    /// Whether what power loss would leave is kept account of; takes time.
    var knowsPower = true
    /// At which step one failure comes.
    var failure: (step: Int, errno: Int32)?
    var isFull = false
    /// The share of steps that fail for no reason.
    var errorShare = 0.0
    private var isAside = false
    /// Whether steps may fail now.
    var isTroubled: Bool { isFull || errorShare > 0 || failure != nil || fate != nil }
    private var last: (step: StorageStep, path: String)?
    var lastStep: String {
        last.map { "\($0.step) \($0.path.dropFirst(root.utf8.count))" } ?? "the beginning"
    }
    private var power: PowerRecord
    /// The picture that a dead process left.
    private var next: String?
    private var chance: Chance
    /// Told when a power loss comes.
    var losesPower: (() -> Void)?

    init(root: String, chance: Chance) throws {
        self.root = root
        self.chance = chance
        folder = "\(root)/0"
        try Files.makeFolder(folder)
        power = PowerRecord(folder)
    }

    /// A step that only the simulated world has: between two of these a process may end too.
    func pass() -> Bool {
        steps += 1
        if let end, steps >= end.step { die(end.how) }
        return !isDead
    }

    /// What the model reads is no step of the agent, and never fails.
    func aside(_ body: () -> Void) {
        isAside = true
        body()
        isAside = false
    }

    func refusal(of step: StorageStep, _ path: String) -> Int32 {
        guard !isAside else { return 0 }
        guard !isDead else { return EIO }
        if !countsReads, case .statement(let sql) = step, Self.changesNothing(sql) { return 0 }
        steps += 1
        last = (step, path)
        if let end, steps >= end.step {
            die(end.how)
            return EIO
        }
        switch fate?(step, path) {
        case .end(let how):
            die(how)
            return EIO
        case .failure(let errno): return errno
        case nil: break
        }
        let errno = errno(of: step)
        if errno == 0, knowsPower { power.note(step, path) }
        return errno
    }

    private static func changesNothing(_ sql: String) -> Bool {
        ["SELECT", "PRAGMA", "BEGIN"].contains { sql.hasPrefix($0) }
    }

    private func errno(of step: StorageStep) -> Int32 {
        if let failure, steps == failure.step { return failure.errno }
        if errorShare > 0, chance.hits(errorShare) { return EIO }
        guard isFull else { return 0 }
        switch step {
        case .reserve, .write: return ENOSPC
        case .statement(let sql):
            let writes = ["COMMIT", "INSERT", "UPDATE", "DELETE"].contains { sql.hasPrefix($0) }
            return writes && chance.hits(0.8) ? ENOSPC : 0
        default: return 0
        }
    }

    /// All that is there now counts as synced.
    func settle() { power = PowerRecord(folder) }

    /// Ends the process now; `revive` goes on with what it left.
    func die(_ how: End) {
        guard !isDead else { return }
        isDead = true
        let picture = nextFolder()
        switch how {
        case .kill: copyFolder(folder, to: picture)
        case .powerLoss:
            losesPower?()
            power.writePicture(to: picture, &chance)
        }
        end = nil
        next = picture
    }

    /// The machine is there again, with the picture as its state folder. Call when the process's objects are gone.
    func revive() {
        guard let picture = next else { return }
        removeFolder(folder)
        folder = picture
        next = nil
        isDead = false
        power = PowerRecord(folder)
    }

    /// A copy of the state folder as it is now, for `restore`.
    func snapshot() -> String {
        let copy = nextFolder()
        copyFolder(folder, to: copy)
        return copy
    }

    /// Puts a snapshot in place; the process must be dead.
    func restore(_ snapshot: String) {
        if let next { removeFolder(next) }
        let copy = nextFolder()
        copyFolder(snapshot, to: copy)
        next = copy
        revive()
    }

    private func nextFolder() -> String {
        pictures += 1
        return "\(root)/\(pictures)"
    }
}

func inode(_ path: String) -> UInt64? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
}

func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Without SQLite's index of its log, which a new process makes anew.
func copyFolder(_ folder: String, to other: String) {
    mkdir(other, 0o700)
    for name in Files.list(folder) where !name.hasSuffix("-shm") {
        if isFolder("\(folder)/\(name)") {
            copyFolder("\(folder)/\(name)", to: "\(other)/\(name)")
        } else {
            write(contents("\(folder)/\(name)"), to: "\(other)/\(name)")
        }
    }
}

func contents(_ path: String) -> [UInt8] {
    (try? Files.read(path, bytesMax: 64 << 20)) ?? []
}

/// Not through the seam: it is the machine that writes.
func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes {
            Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        guard count > 0 else { break }
        written += count
    }
    close(descriptor)
}
