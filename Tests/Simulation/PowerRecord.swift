import Glibc
import Platform
import Seeds

/// What of a state folder would survive a power loss: contents as they were last synced, names as they were when
/// their folder was. SQLite syncs for itself, at every commit.
struct PowerRecord {
    /// Another one for each file that ever was: a file system gives an inode's number again.
    private typealias FileID = Int

    private enum Change {
        case created(String, FileID?)
        case renamed(String, to: String)
        case removed(String)
    }

    private struct Folder {
        var names: [String: FileID] = [:]
        /// Since the folder was synced, in order: a journal keeps a beginning of it.
        var changes: [Change] = []
    }

    private let root: String
    private var folders: [String: Folder] = [:]
    private var ids: [UInt64: FileID] = [:]
    private var nextID = 1
    private var durable: [FileID: [UInt8]] = [:]
    private var removed: [FileID: [UInt8]] = [:]

    /// All that is there counts as synced.
    init(_ root: String) {
        self.root = root
        for path in [root, "\(root)/ledger"] {
            let names = names(path)
            folders[path] = Folder(names: names)
            for (name, id) in names { durable[id] = contents("\(path)/\(name)") }
        }
    }

    private mutating func names(_ folder: String) -> [String: FileID] {
        var names: [String: FileID] = [:]
        for name in Files.list(folder)
        where !name.hasPrefix("agent.db") && !isFolder("\(folder)/\(name)") {
            names[name] = id("\(folder)/\(name)")
        }
        return names
    }

    private mutating func id(_ path: String, isNew: Bool = false) -> FileID? {
        guard let inode = inode(path) else { return nil }
        if !isNew, let known = ids[inode] { return known }
        ids[inode] = nextID
        nextID += 1
        return nextID - 1
    }

    mutating func note(_ step: StorageStep, _ path: String) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let (folder, name) = (String(path[..<slash]), String(path[path.index(after: slash)...]))
        guard folders[folder] != nil || folder == "\(root)/ledger" else { return }
        if case .create = step {} else { nameCreated(name, in: folder) }
        switch step {
        case .create: folders[folder, default: Folder()].changes.append(.created(name, nil))
        case .remove:
            keep(path)
            folders[folder, default: Folder()].changes.append(.removed(name))
        case .rename(let other):
            keep(other)
            let to = String(other[other.index(after: other.lastIndex(of: "/") ?? slash)...])
            folders[folder, default: Folder()].changes.append(.renamed(name, to: to))
        case .syncFolder: folders[folder] = Folder(names: names(folder))
        case .sync(let descriptor): sync(descriptor)
        case .reserve, .map, .write, .statement: break
        }
    }

    /// A file that is about to lose its name.
    private mutating func keep(_ path: String) {
        if let id = id(path) { removed[id] = contents(path) }
    }

    /// The file exists now, so it has a number.
    private mutating func nameCreated(_ name: String, in folder: String) {
        guard let changes = folders[folder]?.changes else { return }
        for (place, change) in changes.enumerated() {
            if case .created(name, nil) = change {
                let id = id("\(folder)/\(name)", isNew: true)
                folders[folder]?.changes[place] = .created(name, id)
            }
        }
    }

    private mutating func sync(_ descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        // Its path may be another by now, and the descriptor may be for writing only.
        let bytes = contents("/proc/self/fd/\(descriptor)")
        if let id = ids[UInt64(status.st_ino)] { durable[id] = bytes }
    }

    // MARK: after the power loss

    mutating func writePicture(to picture: String, _ chance: inout Chance) {
        mkdir(picture, 0o700)
        // Of folders but the ledger's it is not known what was synced: they stay whole.
        for name in Files.list(root) where name != "ledger" && isFolder("\(root)/\(name)") {
            copyFolder("\(root)/\(name)", to: "\(picture)/\(name)")
        }
        for name in Files.list(root) where name.hasPrefix("agent.db") && !name.hasSuffix("-shm") {
            var bytes = contents("\(root)/\(name)")
            // Beginnings of frames that were never committed.
            if name.hasSuffix("-wal"), chance.hits(0.5) {
                bytes += (0..<chance.number(1...9000)).map { _ in
                    UInt8.random(in: 0...255, using: &chance)
                }
            }
            write(bytes, to: "\(picture)/\(name)")
        }
        for (path, folder) in folders.sorted(by: { $0.key < $1.key }) {
            let target = picture + path.dropFirst(root.utf8.count)
            mkdir(target, 0o700)
            let live = names(path)
            for (name, id) in names(folder, &chance).sorted(by: { $0.key < $1.key }) {
                let path = live.first { $0.value == id }.map { "\(path)/\($0.key)" }
                let newer = path.map(contents) ?? removed[id] ?? []
                write(mixed(durable[id], newer, &chance), to: "\(target)/\(name)")
            }
        }
    }

    private func names(_ folder: Folder, _ chance: inout Chance) -> [String: FileID] {
        var names = folder.names
        guard !folder.changes.isEmpty else { return names }
        for change in folder.changes.prefix(chance.number(0...folder.changes.count)) {
            switch change {
            case .created(let name, let id): names[name] = id
            case .renamed(let name, let other): names[other] = names.removeValue(forKey: name)
            case .removed(let name): names[name] = nil
            }
        }
        return names
    }

    /// Any sectors of what is newer over what was synced.
    private func mixed(_ synced: [UInt8]?, _ newer: [UInt8], _ chance: inout Chance) -> [UInt8] {
        guard newer != synced else { return newer }
        guard chance.hits(0.9) else { return synced ?? [] }
        guard synced == nil || synced?.count == newer.count else {
            return Array(newer.prefix(chance.number(0...newer.count)))
        }
        var bytes = synced ?? [UInt8](repeating: 0, count: newer.count)
        let sector = chance.hits(0.5) ? 512 : 4096
        let share = chance.one(of: [0.2, 0.5, 0.9])
        for start in stride(from: 0, to: newer.count, by: sector) where chance.hits(share) {
            let range = start..<min(start + sector, newer.count)
            bytes[range] = newer[range]
        }
        return bytes
    }
}
