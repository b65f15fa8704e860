import Glibc

/// A file or folder of ours, with a kind that says what others may do with it.
public struct GuardedPath: Sendable, Hashable {
    public enum Kind: Sendable, CaseIterable {
        /// A private key, a password, a policy with keys of the day.
        case secretKey
        /// A secret that somebody gives a command by hand: nobody else may read or change it.
        case passphrase
        /// A token, which is used once and soon.
        case token
        /// Counts, names, and what waits; also a configuration that holds a password.
        case records
        /// A state folder: whoever writes into it can exchange what lies in it.
        case folder
        /// Settings, which all may read.
        case settings
        /// A public key named in a command: nobody else may change it.
        case publicKey
        /// The folder of a socket: whoever writes into it can replace the socket, except in a folder like /tmp.
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

    /// A state folder and the files directly in it, links followed. `*.key` and `secret` are keys; all may read `open`.
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

    /// A configuration file, and the files that are merged over it.
    public static func configuration(_ path: String, holdsSecret: Bool = false) -> [GuardedPath] {
        let kind: Kind = holdsSecret ? .records : .settings
        return [GuardedPath(path, kind), GuardedPath(path + ".d", .settings)]
            + Files.list(path + ".d").filter { $0.hasSuffix(".json5") }
            .map { GuardedPath("\(path).d/\($0)", kind) }
    }
}

/// Which permission bits (4 read, 2 write) are refused, and which are only reported, for each class of users.
struct GuardRule: Sendable {
    typealias Bits = (refused: mode_t, said: mode_t)
    let others: Bits
    /// For a group that this process is not in.
    let foreign: Bits
    /// For a group that this process is in, as other services may be.
    let own: Bits
    /// Whether root's group counts, too: what is given by hand belongs to one person.
    var isStrict = false
    /// Whether all may write where only a file's owner can remove it (the sticky bit), which does no harm.
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
