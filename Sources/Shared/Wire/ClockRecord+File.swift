import Domain
import Platform

/// The record is `clock.json` in the state folder of an agent or of the collector.
extension ClockRecord {
    public static func path(_ state: String) -> String { "\(state)/clock.json" }

    /// Nil when there is no record, or none that can be believed. What is signed and counted then tells the earliest
    /// possible time, and the log says that the record is lost.
    public static func load(_ state: String) -> ClockRecord? {
        guard Files.exists(path(state)) else { return nil }
        guard let bytes = try? Files.read(path(state), bytesMax: 4096),
            let record = try? decodeJSON(ClockRecord.self, bytes), record.isPlausible
        else {
            Log.warning(
                "the record of the time cannot be read; it is begun anew", ["file": path(state)])
            return nil
        }
        return record
    }

    public func save(_ state: String) throws(FileError) {
        guard let bytes = try? encodeJSON(self) else { return }
        try Files.writeAtomically(Self.path(state), bytes)
    }
}
