import Domain
import Platform

/// `clock.json` in the state folder of an agent or of the collector.
extension ClockRecord {
    public static func path(_ state: String) -> String { "\(state)/clock.json" }

    /// Nil when there is none, or none that can be believed.
    public static func load(_ state: String) -> ClockRecord? {
        guard let bytes = try? Files.read(path(state), bytesMax: 4096),
            let record = try? decodeJSON(ClockRecord.self, bytes), record.isPlausible
        else { return nil }
        return record
    }

    public func save(_ state: String) throws(FileError) {
        guard let bytes = try? encodeJSON(self) else { return }
        try Files.writeAtomically(Self.path(state), bytes)
    }
}
