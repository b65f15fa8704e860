import Domain
import Platform
import Synchronization
import Wire

/// Measures how long the collector has not answered one agent, across restarts. It is kept as `contact.json` in the
/// agent's state folder.
///
/// It counts by the time since boot, which nobody can set. Time for which the machine was off is left out: nothing
/// passed then, and no clock that may be wrong needs to be asked. Thread-safe.
final class Contact: Sendable {
    /// Times are in milliseconds; `at` counts from 1970.
    private struct Record: Codable {
        let bootID: String
        let boot: Int64
        let at: Int64
        let silence: Int64

        enum CodingKeys: String, CodingKey {
            case boot, at, silence
            case bootID = "boot_id"
        }
    }

    private struct State {
        /// The time since boot at the last answer; negative when that answer came before this run of the machine.
        var heardBoot: Int64
        var at: Timestamp
        var savedBoot: Int64
        var hasHeard = false
        /// Why the collector does not answer, and the time since boot at which that began.
        var trouble: String?
    }

    private let folder: String
    private let bootID: String
    private let saveEveryMilliseconds: Int64
    private let boot: @Sendable () -> Int64
    private let state: Mutex<State>

    /// `first` is when the collector certainly answered last, for a folder that keeps nothing yet.
    /// `saveEveryMilliseconds` is how much of a silence a crash may forget.
    init(
        folder: String, first: Timestamp, saveEveryMilliseconds: Int64 = 30_000,
        bootID: String = BootClock.bootID(),
        boot: @escaping @Sendable () -> Int64 = { BootClock.milliseconds() }
    ) {
        self.folder = folder
        self.bootID = bootID
        self.saveEveryMilliseconds = saveEveryMilliseconds
        self.boot = boot
        let now = boot()
        var begin = State(heardBoot: now, at: first, savedBoot: now)
        if let record = Self.load(folder) {
            let isSameBoot = !bootID.isEmpty && record.bootID == bootID && record.boot <= now
            begin.heardBoot = (isSameBoot ? record.boot : now) - record.silence
            begin.at = Timestamp(milliseconds: record.at)
        }
        state = Mutex(begin)
    }

    private static func path(_ folder: String) -> String { "\(folder)/contact.json" }

    private static func load(_ folder: String) -> Record? {
        let span = Int64(0)...(1 << 42)
        guard Files.exists(path(folder)) else { return nil }
        guard let bytes = try? Files.read(path(folder), bytesMax: 4096),
            let record = try? decodeJSON(Record.self, bytes),
            Timestamp(milliseconds: record.at).isPlausible, span.contains(record.boot),
            span.contains(record.silence)
        else {
            Log.warning(
                "the record of the last contact cannot be read; the time out of contact begins anew",
                ["file": path(folder)])
            return nil
        }
        return record
    }

    /// Notes that the collector answered a request of ours.
    func note(at now: Timestamp) {
        let isFirst = state.withLock { state in
            state.heardBoot = boot()
            state.at = now
            state.trouble = nil
            defer { state.hasHeard = true }
            return !state.hasHeard
        }
        if isFirst { save() }
    }

    func note(trouble: String) { state.withLock { $0.trouble = trouble } }

    /// Called twice a second by the main thread.
    func look() {
        let isDue = state.withLock { state in
            let now = boot()
            guard now - state.savedBoot >= saveEveryMilliseconds else { return false }
            state.savedBoot = now
            return true
        }
        if isDue { save() }
    }

    /// Keeps the record. On a full disk the former record stays: the silence then seems as long as it is, or longer.
    func save() {
        let record = state.withLock { state in
            let now = boot()
            return Record(
                bootID: bootID, boot: now, at: state.at.milliseconds,
                silence: max(0, now - state.heardBoot))
        }
        do {
            try Files.writeAtomically(Self.path(folder), encodeJSON(record))
        } catch {
            Log.error(
                "cannot keep when the collector last answered; it is tried again",
                ["error": error])
        }
    }

    var silentMilliseconds: Int64 { state.withLock { boot() - $0.heardBoot } }

    /// When the collector last answered, by the time that the agent used then.
    var last: Timestamp { state.withLock { $0.at } }

    /// Why the last request was not answered; nil when it was.
    var trouble: String? { state.withLock { $0.trouble } }

    /// Whether the collector answered this process within the last 90 seconds.
    var isConnected: Bool { state.withLock { $0.hasHeard && boot() - $0.heardBoot < 90_000 } }
}
