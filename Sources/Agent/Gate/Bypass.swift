import Domain
import Platform
import Wire

/// `chot-agent bypass` lets rules refuse nothing at this agent for a time. What they would have refused is counted,
/// the centre is told at once, and signed locks still bind. The bypass is a file in the state folder: whoever may
/// write there may order one, and it outlives a restart.
enum Bypass {
    static let millisecondsMax: Int64 = 24 * 3_600_000

    static func path(_ state: String) -> String { "\(state)/bypass.json" }

    /// The bypass in force; nil when there is none or it cannot be read, which `LocalOrders` reports.
    static func load(_ state: String, at now: Timestamp) -> BypassNote? {
        (try? read(state, at: now)) ?? nil
    }

    /// The bypass in force, or nil. Throws when the file is no bypass, or one for longer than a bypass may last.
    static func read(_ state: String, at now: Timestamp) throws -> BypassNote? {
        guard Files.exists(path(state)) else { return nil }
        let note = try decodeJSON(
            BypassNote.self, try Files.read(path(state), bytesMax: 16 << 10))
        guard note.from.isPlausible, note.until.isPlausible,
            note.until.milliseconds - note.from.milliseconds <= millisecondsMax
        else {
            throw FileError(
                path: path(state), action: .read, detail: "no bypass of 24 hours or less",
                vi: "không phải lệnh tạm bỏ qua quy tắc trong 24 giờ trở xuống")
        }
        return note.from <= now && now < note.until ? note : nil
    }

    static func save(_ note: BypassNote, _ state: String) throws {
        try Files.writeAtomically(path(state), encodeJSON(note))
    }
}
