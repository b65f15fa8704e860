import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension StaffCommands {
    private static let changesMax = 500

    /// What `alerts watch` asks every second: returns new and raised alerts after a change number, or, without
    /// `--after`, only the present number.
    func alertsChanges(_ request: AdminRequest) throws -> AdminAnswer {
        let after = try request.option("after").map { text in
            guard let number = Int64(text), number >= 0 else {
                throw CommandFailure(
                    .usage, "--after \(shown(text)): must be a change number, as watch prints it",
                    vi: "--after \(shown(text)): phải là số thay đổi như watch in ra")
            }
            return number
        }
        return try desk.store.read { records in
            let last = try records.lastNotification()
            var changes: [JSONValue] = []
            var upTo = last
            if let after {
                let found = try records.alertNotifications(
                    after: after, countMax: Self.changesMax)
                if found.count == Self.changesMax { upTo = found.last?.number ?? last }
                changes = try found.map { try change($0, records) }
            }
            var answer = AdminAnswer()
            answer.json = .object(["last": .integer(upTo), "changes": .array(changes)])
            return answer
        }
    }

    /// Returns the alert as it stands now, with what happened to it.
    private func change(_ notification: Notification, _ records: Records) throws -> JSONValue {
        var object: [String: JSONValue] = notification.json
        object["change"] = .integer(notification.number)
        object["notification"] = .string(notification.id)
        if let id = Int64(notification.subject), let alert = try records.alerts(id).first,
            case .object(let fields) = alert.json
        {
            object.merge(fields) { $1 }
        }
        return .object(object)
    }
}
