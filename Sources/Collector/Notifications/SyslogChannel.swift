import CollectorValues
import Domain
import Glibc
import Platform

/// Writes letters to the local log socket, `/dev/log` of journald or rsyslog. Each is one datagram
/// `<priority>chot-collector[pid]: …` with facility daemon and syslog's severity.
struct SyslogChannel: NotificationChannel {
    static let facilityDaemon = 3
    package let settings: NotifySettings.Syslog

    init(_ settings: NotifySettings.Syslog) { self.settings = settings }

    package var name: ChannelName { ChannelName(.syslog) }
    package var minSeverity: Severity { settings.minSeverity }
    func cancel() {}

    func deliver(_ letter: Letter) throws(DeliveryProblem) {
        do {
            try DatagramSocket(path: settings.socket).send(line(letter))
        } catch {
            throw error.errno == EMSGSIZE ? .refused("\(error)") : .away("\(error)")
        }
    }

    package func line(_ letter: Letter) -> String {
        let level =
            switch letter.severity {
            case .info: 6
            case .warning: 4
            case .critical: 2
            }
        let message = letter.message
        // A line break in the text would begin a line that looks like another entry.
        let text = Log.escaped(
            "\(letter.event) \(letter.rule) \(letter.severity.rawValue) id=\(letter.id): "
                + "\(message.vi.replacing("\n", with: " ")) / "
                + message.en.replacing("\n", with: " "))
        return "<\(Self.facilityDaemon * 8 + level)>chot-collector[\(getpid())]: \(text)"
    }
}
