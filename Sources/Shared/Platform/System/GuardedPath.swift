import Glibc

/// A file or folder of ours, and what others may do with it.
public struct GuardedPath: Sendable, Hashable {
    public enum Kind: Sendable, CaseIterable {
        /// A private key, a password, a policy with keys of the day.
        case secretKey
        /// What a command is given by hand: nobody else reads or changes it.
        case passphrase
        /// Used once, soon.
        case token
        /// Counts, names, what is waiting; a configuration that holds a password.
        case records
        /// A state folder: who writes into it exchanges what lies in it.
        case folder
        /// May be read by all.
        case settings
        /// A public key named in a command: nobody else changes it.
        case publicKey
        /// Where a socket lies: who writes into it puts his own in its place, but in a folder like /tmp.
        case socketFolder
        /// A folder above one of these.
        case above
    }

    public let path: String
    public let kind: Kind

    public init(_ path: String, _ kind: Kind) {
        self.path = path
        self.kind = kind
    }

    /// A state folder and the files right in it, also by a link, as they are read: `*.key` and `secret` are keys, `open` may be read by all.
    public static func state(_ folder: String, secret: Set<String> = [], open: Set<String> = [])
        -> [GuardedPath]
    {
        [GuardedPath(folder, .folder)]
            + Files.list(folder).compactMap { name in
                let path = "\(folder)/\(name)"
                guard Files.leadsToRegular(path) else { return nil }
                let isSecret = name.hasSuffix(".key") || secret.contains(name)
                return GuardedPath(
                    path, isSecret ? .secretKey : open.contains(name) ? .settings : .records)
            }
    }

    /// A configuration file, and what is merged over it.
    public static func configuration(_ path: String, holdsSecret: Bool = false) -> [GuardedPath] {
        let kind: Kind = holdsSecret ? .records : .settings
        return [GuardedPath(path, kind), GuardedPath(path + ".d", .settings)]
            + Files.list(path + ".d").filter { $0.hasSuffix(".json5") }
            .map { GuardedPath("\(path).d/\($0)", kind) }
    }
}

/// Which permission bits (4 read, 2 write) of whom are refused, and which are only said.
struct GuardRule: Sendable {
    typealias Bits = (refused: mode_t, said: mode_t)
    let others: Bits
    /// Of a group that this process is not in.
    let foreign: Bits
    /// Of a group that it is in: other services may be, too.
    let own: Bits
    /// Root's group, too: what is given by hand is one person's.
    var isStrict = false
    /// Writing by all does no harm where only the owner of a file may take it away (the sticky bit).
    var passesSticky = false
    var saysOwner = true

    static func of(_ kind: GuardedPath.Kind) -> GuardRule {
        switch kind {
        case .secretKey: GuardRule(others: (2, 4), foreign: (2, 4), own: (0, 6))
        case .passphrase:
            GuardRule(
                others: (6, 0), foreign: (6, 0), own: (6, 0), isStrict: true, saysOwner: false)
        case .token: GuardRule(others: (2, 4), foreign: (2, 4), own: (0, 0), saysOwner: false)
        case .records, .folder: GuardRule(others: (2, 4), foreign: (2, 4), own: (0, 2))
        case .settings: GuardRule(others: (2, 0), foreign: (2, 0), own: (0, 0))
        case .publicKey:
            GuardRule(
                others: (2, 0), foreign: (2, 0), own: (2, 0), isStrict: true, saysOwner: false)
        case .socketFolder:
            GuardRule(others: (2, 0), foreign: (2, 0), own: (0, 0), passesSticky: true)
        case .above:
            GuardRule(
                others: (2, 0), foreign: (0, 0), own: (0, 0), passesSticky: true, saysOwner: false)
        }
    }
}
