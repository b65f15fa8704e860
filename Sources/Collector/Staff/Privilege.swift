import Glibc
import Platform

/// Who may do what over the admin socket: a member of `chot-read` may look, of `chot-operate` act, of
/// `chot-privacy` see people's names and numbers. Root, and the user that runs the collector, may all:
/// both can read and write its files anyway.
package enum Privilege: String, CaseIterable {
    case read = "chot-read"
    case operate = "chot-operate"
    case privacy = "chot-privacy"
    /// Sealed backups and nothing else: for the timer.
    case backup = "chot-backup"

    /// Every command of the server, and what it needs. One that is not here is refused.
    package static let table: [String: Privilege] = [
        "registry list": .read, "agent list": .read, "agent show": .read, "usage": .read,
        "alerts list": .read, "alerts show": .read, "alerts changes": .read, "lock list": .read,
        "lock show": .read, "lock preview": .read, "lock export": .read, "quota list": .read,
        "evidence show": .read, "evidence verify": .read, "audit list": .read,
        "audit verify": .read, "shift report": .read, "clock show": .read,

        "registry import": .operate, "agent token": .operate, "agent revoke": .operate,
        "agent mode": .operate, "alerts resolve": .operate, "lock add": .operate,
        "lock approve": .operate, "lock reject": .operate, "lock replace": .operate,
        "lock release": .operate, "lockset export": .operate, "quota grant": .operate,
        "emergency": .operate, "backup": .backup, "backup --unsealed": .operate,
        "clock accept": .operate,

        "evidence pack": .operate,

        "registry list --unmask": .privacy, "evidence pack --annex": .privacy,
    ]

    /// What a request needs; nil when it is no command.
    package static func needed(_ request: AdminRequest) -> Privilege? {
        let personal = ["unmask", "annex", "unsealed"].first(where: request.flags.contains)
        return table[personal.map { request.command + " --" + $0 } ?? request.command]
    }

    /// By the group database of now, not by the groups with which a session began: who was taken out of a
    /// group has lost it at once. An operator may look, too.
    package static func held(by peer: PeerCredentials) -> Set<Privilege> {
        if peer.uid == 0 || peer.uid == geteuid() { return Set(allCases) }
        // What cannot be asked is a no.
        guard let user = UserDatabase.user(peer.uid) else { return [] }
        let member = UserDatabase.groups(of: user)
        var held = Set(
            allCases.filter { privilege in
                UserDatabase.group(named: privilege.rawValue).map(member.contains) ?? false
            })
        if held.contains(.operate) { held.formUnion([.read, .backup]) }
        return held
    }
}
