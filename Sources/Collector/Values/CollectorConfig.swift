import Domain
import Platform

/// The collector's configuration (collector.json5), checked as a whole.
package struct CollectorConfig: Sendable {
    package var state: String
    /// The address that nginx's TLS front listens on.
    package var listen: ListenAddress
    package var apiSocket: String
    /// The socket on which agents wait in long-polls.
    package var waitSocket: String
    package var adminSocket: String
    package var status: ListenAddress
    package var contact: Localized
    package var coverageGraceMilliseconds: Int64
    package var rules: [String: RuleSetting]
    package var calendar: OfficeCalendar
    package var unitCalendars: [String: OfficeCalendar]
    /// Systems that are never locked automatically (emergency services).
    package var exempt: Set<SystemCode>
    package var repeatOffender: RepeatOffender
    /// Who is notified of alerts and locks.
    package var notify: NotifySettings
    /// How long each kind of data is kept.
    package var retention: RetentionSettings
    /// How much one address may do at the TLS front.
    package var front: FrontLimits

    /// A scope that one rule has locked `times` times within the period is locked without an end. 0 times means never.
    package struct RepeatOffender: Sendable {
        package var times: Int
        package var withinMilliseconds: Int64
    }

    package static let defaultPath = "/etc/chot/collector.json5"

    package static func load(_ path: String) throws(ConfigProblems) -> CollectorConfig {
        let root = try ConfigFile.load(path)
        let config = read(root)
        try root.finish()
        return config
    }

    package func setting(_ rule: RuleID) -> RuleSetting { rules[rule.rawValue] ?? .standard(rule) }
    package func calendar(of unit: UnitCode) -> OfficeCalendar {
        unitCalendars[unit.rawValue] ?? calendar
    }

    package static func read(_ root: ConfigReader) -> CollectorConfig {
        let state = root.string("state") ?? "/var/lib/chot-collector"
        let sockets = root.child("sockets")
        let contact = root.child("contact")
        let centre = MessageKey.termCentre.template
        let policy = root.child("policy")
        let calendars = policy.child("calendar")
        let standard = calendar(calendars, .letter)
        let units = calendars.child("units")
        var unitCalendars: [String: OfficeCalendar] = [:]
        for unit in units.keys {
            if !UnitCode.accepts(unit) {
                units.problem(unit, "must be keyed by " + UnitCode.rule.en)
            }
            unitCalendars[unit] = calendar(units.child(unit), standard)
        }
        // The contact stands in every refusal that clerks read, and in e-mails.
        for language in ["vi", "en"] {
            guard let text = contact.string(language) else { continue }
            if text.isEmpty || Lookalikes.hidden(in: text) != nil || text.utf8.count > contactMax {
                contact.problem(
                    language,
                    "must be one line of at most \(contactMax) bytes, without what cannot be seen")
            }
        }
        return CollectorConfig(
            state: state,
            listen: listen(root, "listen", "127.0.0.1:8470"),
            apiSocket: sockets.string("api") ?? "\(state)/run/api.sock",
            waitSocket: sockets.string("wait") ?? "\(state)/run/wait.sock",
            adminSocket: sockets.string("admin") ?? "\(state)/run/admin.sock",
            status: listen(root.child("status"), "listen", "unix:\(state)/run/status.sock"),
            contact: Localized(
                vi: contact.string("vi") ?? centre.vi, en: contact.string("en") ?? centre.en),
            coverageGraceMilliseconds: root.child("coverage").milliseconds(
                "grace", in: 0...86_400_000, default: 5000),
            rules: rules(policy.child("rules")), calendar: standard, unitCalendars: unitCalendars,
            exempt: exempt(policy), repeatOffender: repeatOffender(policy.child("repeat_offender")),
            notify: NotifySettings.read(root.child("notify")),
            retention: RetentionSettings.read(root.child("retention")),
            front: FrontLimits.read(root.child("front")))
    }

    private static func listen(_ reader: ConfigReader, _ key: String, _ standard: String)
        -> ListenAddress
    {
        let text = reader.string(key) ?? standard
        if let address = ListenAddress(text) { return address }
        reader.problem(key, "must be unix:/path or ADDRESS:PORT")
        return .tcp(host: "127.0.0.1", port: 0)
    }

    private static func rules(_ reader: ConfigReader) -> [String: RuleSetting] {
        var rules: [String: RuleSetting] = [:]
        for rule in RuleID.allCases where reader.has(rule.rawValue) {
            let standard = RuleSetting.standard(rule)
            let child = reader.child(rule.rawValue)
            rules[rule.rawValue] = RuleSetting(
                effect: child.oneOf("effect", default: standard.effect),
                alertAt: child.integer("alert_at", in: 1...100, default: standard.alertAt),
                lockAt: child.integer("lock_at", in: 1...100, default: standard.lockAt),
                withinMilliseconds: child.milliseconds(
                    "within", in: 0...86_400_000, default: standard.withinMilliseconds),
                cap: Int64(
                    rule == .r3
                        ? child.integer("cap", in: 1...10_000_000, default: Int(standard.cap))
                        : Int(standard.cap)),
                rates: rule == .r9 ? rates(child) : nil)
        }
        return rules
    }

    private static func exempt(_ policy: ConfigReader) -> Set<SystemCode> {
        Set(
            (policy.strings("exempt") ?? []).compactMap { text in
                let system = SystemCode(text)
                if system == nil { policy.problem("exempt", "must hold " + SystemCode.rule.en) }
                return system
            })
    }

    private static func repeatOffender(_ reader: ConfigReader) -> RepeatOffender {
        RepeatOffender(
            times: reader.integer("times", in: 0...100, default: 3),
            withinMilliseconds: reader.milliseconds(
                "within", in: 86_400_000...31_536_000_000, default: 30 * 86_400_000))
    }

    private static func rates(_ reader: ConfigReader) -> RateSetting? {
        func rate(_ key: String) -> Rate? {
            guard reader.has(key) else { return nil }
            let child = reader.child(key)
            return Rate(
                limit: Int64(child.integer("limit", in: 1...1_000_000, default: 60)),
                periodMilliseconds: child.milliseconds(
                    "period", in: 1000...86_400_000, default: 60_000))
        }
        let (account, source) = (rate("account"), rate("ip"))
        let challengeAt = reader.integer("challenge_at", in: 0...100_000, default: 0)
        let denyAt = reader.integer("deny_at", in: 0...100_000, default: 0)
        guard account != nil || source != nil else { return nil }
        return RateSetting(
            account: account, source: source, challengeAt: challengeAt, denyAt: denyAt)
    }

    private static let contactMax = 1000
    /// The most days a year without office hours, not counting weekends.
    static let holidaysMax = 120

    private static func calendar(_ reader: ConfigReader, _ standard: OfficeCalendar)
        -> OfficeCalendar
    {
        var calendar = standard
        calendar.officeFrom = reader.integer(
            "office_from", in: 0...23, default: standard.officeFrom)
        calendar.officeTo = reader.integer("office_to", in: 1...24, default: standard.officeTo)
        if calendar.officeFrom >= calendar.officeTo {
            reader.problem("office_to", "must be later than office_from")
        }
        if let names = reader.strings("weekdays") {
            calendar.weekdays = Set(
                names.compactMap { name in
                    let day = Weekday.allCases.first { $0.shortName == name }
                    if day == nil {
                        reader.problem("weekdays", "\"\(name)\" must be one of mon … sun")
                    }
                    return day?.rawValue
                })
            // Without an office day all week is off hours, and every service registered for office hours alone would be
            // refused.
            if calendar.weekdays.isEmpty {
                reader.problem("weekdays", "must name at least one day of office hours")
            }
        }
        func dates(_ key: String, _ standard: Set<CalendarDate>) -> Set<CalendarDate> {
            guard let texts = reader.strings(key) else { return standard }
            return Set(
                texts.compactMap { text in
                    let date = CalendarDate(text)
                    if date == nil {
                        reader.problem(key, "\"\(text)\" must be a date like 2027-01-01")
                    }
                    return date
                })
        }
        calendar.holidays = dates("holidays", standard.holidays)
        calendar.makeUpDays = dates("make_up_days", standard.makeUpDays)
        let years = Dictionary(grouping: calendar.holidays) { $0.description.prefix(4) }
        for (year, days) in years.sorted(by: { $0.key < $1.key })
        where days.count > Self.holidaysMax {
            reader.problem(
                "holidays",
                "has \(days.count) days of \(year): \(Self.holidaysMax) a year at most")
        }
        return calendar
    }
}
