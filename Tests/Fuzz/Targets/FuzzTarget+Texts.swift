import Domain
import Wire
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues
@testable import Platform

extension FuzzTarget {
    /// Short texts: scopes, names, times, versions, tokens, addresses, networks, spans. None is written
    /// in two ways where it is compared as a text.
    static let texts = FuzzTarget(
        "texts",
        words: [
            "account=", "service=", "ip=", "system=", "unit=", "person=", "@*", "@H26.motcua",
            "H26.motcua/1",
            "2026-11-24", "T08:00:00.000+07:00", "Z", "-07:00", "/office", "/off", "1.17.",
            "10.0.0.0/8",
            "::ffff:1.2.3.4", "fe80::1/64", "[::1]:8473", "unix:/run/a", "24h", "500ms",
            "22-23,0-5",
            "smtp://localhost:25", "https://", "a@b.c",
        ], bytesMax: 256
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        try promiseNames(text)
        try promiseTimes(text)
        try promiseAddresses(text)
        if let token = EnrolmentToken(text) {
            try promise(same(token.text, text), "token")
            try promise(!"\(token)".contains(token.secret), "a token shows its secret")
        }
        if let span = parseSpan(text) {
            try promise(span >= 0 && parseSpan(spanText(span)) == span, "span \(span)")
        }
        if let hours = clockHours(text) {
            try promise(hours.allSatisfy((0...23).contains) && !hours.isEmpty, "hours \(hours)")
        }
        try promise(
            shown(text).unicodeScalars.allSatisfy { $0.value >= 0x20 } && shown(text).count <= 1200,
            "shown")
    }

    private static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    private static func promiseNames(_ text: String) throws {
        if let scope = Scope(text) {
            try promise(same(scope.description, text), "\(text) is written \(scope)")
        }
        if let version = Version(text) {
            try promise(same(version.description, text), "\(text) is written \(version)")
        }
        if let held = HeldVersion(text) {
            try promise(same(held.description, text), "\(text) is written \(held)")
        }
        if let audience = Audience(text) {
            try promise(same(audience.description, text), "\(text) is written \(audience)")
        }
        if let agent = AgentID(text) {
            try promise(
                same(AgentID(system: agent.system, number: agent.number).rawValue, text),
                "\(text) is another agent")
            try promise(SystemCode.accepts(agent.system.rawValue), "system of \(text)")
        }
        if let system = SystemCode(text) {
            try promise(UnitCode.accepts(system.unit.rawValue), "unit of \(text)")
        }
    }

    private static func promiseTimes(_ text: String) throws {
        if let date = CalendarDate(text) {
            try promise(same(date.description, text), "\(text) is written \(date)")
        }
        if let time = Timestamp(text) {
            let years =
                Timestamp(
                    milliseconds: -62_000_000_000_000)...Timestamp(
                    milliseconds: 253_000_000_000_000)
            if years.contains(time) {
                try promise(Timestamp(time.description) == time, "\(text) is written \(time)")
            }
            _ = (moment(time), time.rfc3339Seconds, OfficeCalendar.letter.nextOpening(after: time))
        }
    }

    private static func promiseAddresses(_ text: String) throws {
        if let address = ListenAddress(text) {
            try promise(
                ListenAddress(address.description) == address, "\(text) is written \(address)")
        }
        if let canonical = ListenAddress.canonicalAddress(text) {
            try promise(
                ListenAddress.canonicalAddress(canonical) == canonical,
                "\(text) becomes \(canonical), which becomes another")
            try promise(ListenAddress.isNetwork(text), "\(text) is an address and no network")
        }
        if ListenAddress.isNetwork(text) {
            try promise(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3B }, "\(text)")
        }
        if MailMessage.isAddress(text) {
            try promise(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3E }, "\(text)")
        }
        _ = NotifySettings.host(of: text)
    }
}
