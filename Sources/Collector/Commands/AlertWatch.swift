import CollectorStaff
import Domain
import Platform
import Wire

/// `alerts watch`: prints a line, or runs a command, for every alert that is new or became louder. It asks the
/// collector every second for what came after the last change number, so that a restart of the collector loses none.
/// Ends on SIGTERM.
struct AlertWatch {
    static let askMilliseconds: Int64 = 1000

    let client: AdminClient
    let command: ParsedCommand
    let language: Language

    func run() throws {
        var after: Int64?
        if let text = command.option("after") {
            guard let number = Int64(text), number >= 0 else {
                throw CommandFailure(
                    .usage, "--after \(shown(text)): must be a change number, as watch prints it",
                    vi: "--after \(shown(text)): phải là số thay đổi như watch in ra")
            }
            after = number
        }
        var isAway = false
        while true {
            do {
                let (last, changes) = try ask(after)
                if isAway { Log.notice("the collector is back") }
                isAway = false
                for change in changes {
                    if try tell(change) { return }
                }
                // A collector restored from an older backup has smaller numbers.
                after = last
                if changes.count > 1, Signals.takeStop(beforeMonotonicMilliseconds: 0) { return }
            } catch let failure as CommandFailure
                where [.unavailable, .failed].contains(failure.code)
            {
                // A collector that is stopping, or has trouble with its disk, answers like this, too.
                if !isAway {
                    Log.warning("the collector is away; watching goes on", ["why": failure])
                }
                isAway = true
            }
            let pause = MonotonicClock.milliseconds() + Self.askMilliseconds
            if Signals.takeStop(beforeMonotonicMilliseconds: pause) { return }
        }
    }

    private func ask(_ after: Int64?) throws -> (last: Int64, changes: [JSONValue]) {
        var options = ["lang": [language.rawValue]]
        if let after { options["after"] = [String(after)] }
        let answer = try client.ask(
            AdminRequest(
                command: "alerts changes", options: options, flags: [], arguments: [], files: []))
        guard case .object(let object)? = answer.json, case .integer(let last)? = object["last"],
            case .array(let changes)? = object["changes"]
        else {
            throw CommandFailure(
                .failed, "the collector's answer cannot be read",
                vi: "không đọc được câu trả lời của máy chủ")
        }
        return (last, changes)
    }

    /// Returns true when it is time to stop: on a signal, or when nobody reads the output any more.
    private func tell(_ change: JSONValue) throws -> Bool {
        guard case .object(let object) = change else { return false }
        guard let line = command.option("exec") else {
            let text = printed(object, change) + "\n"
            return command.option("format") == "json"
                ? !StandardOutput.writeJSON(text) : !StandardOutput.write(text)
        }
        let outcome = ShellCommand(line).run(
            input: try encodeJSON(change) + [10], environment: Self.environment(object))
        switch outcome {
        case .stopped: return true
        case .ended(status: 0): return false
        default:
            Log.warning(
                "the command did not succeed", ["alert": text(object["id"]), "outcome": outcome])
            return false
        }
    }

    private func printed(_ object: [String: JSONValue], _ change: JSONValue) -> String {
        if command.option("format") == "json" {
            return String(decoding: (try? encodeJSON(change)) ?? [], as: UTF8.self)
        }
        var message = ""
        if case .object(let both)? = object["message"] { message = text(both[language.rawValue]) }
        let severity = Severity(rawValue: text(object["severity"])) ?? .warning
        return [
            text(object["at"]), "#\(text(object["change"]))", severity.words[language],
            text(object["rule"]), text(object["id"]), shown(text(object["scope"])),
            Log.escaped(message),
        ].joined(separator: "  ")
    }

    private func text(_ value: JSONValue?) -> String { Self.text(value) }

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        default: ""
        }
    }

    /// Makes what comes from the wire safe to show; all of it is on standard input.
    static func environment(_ object: [String: JSONValue]) -> [String: String] {
        var all = [
            "CHOT_ALERT_ID": text(object["id"]), "CHOT_ALERT_CHANGE": text(object["change"]),
            "CHOT_ALERT_EVENT": text(object["event"]), "CHOT_ALERT_RULE": text(object["rule"]),
            "CHOT_ALERT_KIND": text(object["kind"]),
            "CHOT_ALERT_SEVERITY": text(object["severity"]),
            "CHOT_ALERT_SCOPE": shown(text(object["scope"])),
            "CHOT_ALERT_STATE": text(object["state"]), "CHOT_ALERT_AT": text(object["at"]),
            "CHOT_ALERT_FROM": text(object["from"]),
        ]
        if case .object(let both)? = object["message"] {
            all["CHOT_ALERT_MESSAGE_VI"] = Log.escaped(text(both["vi"]))
            all["CHOT_ALERT_MESSAGE_EN"] = Log.escaped(text(both["en"]))
        }
        return all
    }
}
