/// The name of a service as people know it, where the catalogue has one; else its name on the wire.
public func serviceName(_ service: ServiceName) -> Localized {
    MessageKey(rawValue: "service.\(service.rawValue)")?.template
        ?? .same(shown(service.rawValue))
}

/// "đến 07:00 ngày 25/11/2026", or until a release notice.
public func until(_ end: Timestamp?) -> Localized {
    guard let end else { return MessageKey.termUntilOpen.template }
    return MessageKey.termUntilTime.text([
        "time": .same(end.clock), "date": dateText(end.date),
    ])
}

/// "07:00 ngày 25/11/2026", "07:00 on 2026-11-25"
public func moment(_ time: Timestamp) -> Localized {
    Localized(vi: "\(time.clock) ngày \(time.date.vietnamese)", en: "\(time.clock) on \(time.date)")
}

public func dateText(_ date: CalendarDate) -> Localized {
    Localized(vi: date.vietnamese, en: date.description)
}

/// "phút", "minute": the period over which a rate is counted.
public func periodText(_ milliseconds: Int64) -> Localized {
    switch milliseconds {
    case 1000: Localized(vi: "giây", en: "second")
    case 60_000: Localized(vi: "phút", en: "minute")
    case 3_600_000: Localized(vi: "giờ", en: "hour")
    default:
        Localized(vi: "\(milliseconds / 1000) giây", en: "\(milliseconds / 1000) seconds")
    }
}
