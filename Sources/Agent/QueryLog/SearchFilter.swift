import Domain
import Platform

/// Which lines a search wants. A line must meet every kind of condition, and any one of several values of a kind.
struct SearchFilter {
    static let valuesMax = 100

    var from: Timestamp?
    /// The first moment after the wanted time.
    var to: Timestamp?
    var logins: [String] = []
    var services: [String] = []
    var verdicts: [Verdict] = []
    /// Each is a gateway's request id or a `MaYeuCau`.
    var requests: [String] = []
    /// Each subject with its line in the operator's file; nil means any subject.
    var subjects: [SubjectHash: Int]?

    /// The same conditions as bytes, so that a line is judged where it lies.
    struct Compiled {
        fileprivate let from: [UInt8]?
        fileprivate let to: [UInt8]?
        fileprivate let logins: [[UInt8]]
        fileprivate let services: [[UInt8]]
        fileprivate let verdicts: [[UInt8]]
        fileprivate let requests: [[UInt8]]
        fileprivate let subjects: [SubjectHash: Int]?
    }

    func compiled() -> Compiled {
        Compiled(
            from: from.map { [UInt8]($0.description.utf8) },
            to: to.map { [UInt8]($0.description.utf8) },
            logins: logins.map {
                $0 == Login.none.rawValue ? [QueryLogSchema.none] : Self.field($0)
            },
            services: services.map(Self.field),
            verdicts: verdicts.map { [UInt8]($0.rawValue.utf8) },
            requests: requests.map(Self.field), subjects: subjects)
    }

    private static func field(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        QueryLogEncoder.append(text, to: &bytes)
        return bytes
    }

    /// The filter for the log of one system, which holds logins: `canbo1@H26.motcua` is `canbo1` there and nobody
    /// elsewhere, if the part behind the last @ is a system code. Nil when only accounts of other systems are wanted.
    func narrowed(to system: String) -> SearchFilter? {
        var own = self
        own.logins = logins.compactMap { account in
            guard let at = account.lastIndex(of: "@"),
                let named = SystemCode(String(account[account.index(after: at)...]))
            else { return account }
            // A login may look like that itself; where nobody knows the system's code, it is taken as a login.
            if system.isEmpty { return account }
            return named.rawValue == system ? String(account[..<at]) : nil
        }
        return own.logins.isEmpty && !logins.isEmpty ? nil : own
    }

    /// Whether a file of this date can hold a wanted line.
    func concerns(_ date: CalendarDate) -> Bool {
        let begin = Timestamp(date).advanced(
            byMilliseconds: -QueryLogWriter.latenessMilliseconds)
        return (to.map { begin < $0 } ?? true) && (from.map { $0 < Timestamp(date.next) } ?? true)
    }
}

extension SearchFilter.Compiled {
    /// Nil when the line is not wanted; else the line of the operator's file that names its subject, or 0 for none.
    func matches(_ line: QueryLogLine) -> Int? {
        // All times have the same form, so they compare as text.
        if let from, line[.time].lexicographicallyPrecedes(from) { return nil }
        if let to, !line[.time].lexicographicallyPrecedes(to) { return nil }
        guard holds(logins, line, .login), holds(services, line, .service),
            holds(verdicts, line, .verdict),
            requests.isEmpty || holds(requests, line, .request) || holds(requests, line, .message)
        else { return nil }
        guard let subjects else { return 0 }
        return line.subject.flatMap { subjects[$0] }
    }

    private func holds(_ values: [[UInt8]], _ line: QueryLogLine, _ field: QueryLogLine.Field)
        -> Bool
    {
        values.isEmpty || values.contains { line[field].elementsEqual($0) }
    }
}
