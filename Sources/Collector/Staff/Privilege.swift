import Glibc
import Platform

/// Who may do what over the admin socket: members of `chot-read` may look, those of `chot-operate` act, those of
/// `chot-privacy` see people's names and numbers. Root and the user that runs the collector may do everything, since
/// both can read and write its files anyway.
package enum Privilege: String, CaseIterable {
    case read = "chot-read"
    case operate = "chot-operate"
    case privacy = "chot-privacy"
    /// Allows sealed backups and nothing else, for the timer.
    case backup = "chot-backup"

    /// Every command of the server with the privilege it needs. A command that is not here is refused.
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

    /// Returns the privilege that a request needs; nil if there is no such command.
    package static func needed(_ request: AdminRequest) -> Privilege? {
        let personal = ["unmask", "annex", "unsealed"].first(where: request.flags.contains)
        return table[personal.map { request.command + " --" + $0 } ?? request.command]
    }

    /// Looks into the group database now, not at the groups with which a session began, so that whoever leaves a group
    /// loses its privilege at once. An operator may also look.
    package static func held(by peer: PeerCredentials) -> Set<Privilege> {
        if peer.uid == 0 || peer.uid == geteuid() { return Set(allCases) }
        // A user that cannot be looked up has no privilege.
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
