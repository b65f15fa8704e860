import Domain
import Platform
import Wire

/// `chot-agent bypass`: for a time, rules refuse nothing at this agent; what they would have refused is
/// counted, the centre is told at once, and signed locks bind all the same. A file in the state folder:
/// whoever may write there may say so, and it outlives a restart.
enum Bypass {
    static let millisecondsMax: Int64 = 24 * 3_600_000

    static func path(_ state: String) -> String { "\(state)/bypass.json" }

    /// Nil when none is in force, or what lies there cannot be read.
    static func load(_ state: String, at now: Timestamp) -> BypassNote? {
        guard let bytes = try? Files.read(path(state), bytesMax: 16 << 10),
            let note = try? decodeJSON(BypassNote.self, bytes), note.from <= now, now < note.until,
            note.until.milliseconds - note.from.milliseconds <= millisecondsMax
        else { return nil }
        return note
    }

    static func save(_ note: BypassNote, _ state: String) throws {
        try Files.writeAtomically(path(state), encodeJSON(note))
    }
}
