extension Policy {
    /// Nobody registers a greater volume; sums of all that fit into one policy stay within 64 bits.
    private static let volumes = Int64(0)...(1 << 40)
    /// Spans in milliseconds, up to ten years.
    private static let spans = Int64(0)...315_576_000_000

    /// Whether every number lies where a collector's can. An agent decides by no other policy, since its computations
    /// must not overflow.
    public var isPlausible: Bool {
        ([issuedAt, emergencyUntil].compactMap { $0 }
            + allowances.flatMap { [$0.from, $0.until] }).allSatisfy(\.isComputable)
            && calendar.isPlausible && rules.values.allSatisfy(Self.isPlausible)
            && accounts.allSatisfy { Self.volumes.contains($0.perDay) }
            && services.allSatisfy {
                Self.volumes.contains($0.officePerDay) && Self.volumes.contains($0.offPerDay)
            }
            && allowances.allSatisfy { $0.queries >= 0 }
            && notices.allSatisfy {
                Self.volumes.contains($0.perDay) && $0.hours.allSatisfy((0...23).contains)
            }
    }

    private static func isPlausible(_ setting: RuleSetting) -> Bool {
        let breaches = 1...1_000_000
        guard breaches.contains(setting.alertAt), breaches.contains(setting.lockAt),
            volumes.contains(setting.cap), spans.contains(setting.withinMilliseconds)
        else { return false }
        guard let rates = setting.rates else { return true }
        return rates.challengeAt >= 0 && rates.denyAt >= 0
            && [rates.account, rates.source].compactMap { $0 }.allSatisfy {
                $0.limit > 0 && volumes.contains($0.limit) && $0.periodMilliseconds > 0
                    && spans.contains($0.periodMilliseconds)
            }
    }
}

extension OfficeCalendar {
    /// Whether the office opens and closes within one day.
    public var isPlausible: Bool {
        (0...23).contains(officeFrom) && officeTo <= 24 && officeFrom < officeTo
            && weekdays.allSatisfy((0...6).contains)
    }
}

extension LockSet {
    /// Whether computing with its times cannot overflow.
    public var isPlausible: Bool {
        issuedAt.isComputable
            && locks.allSatisfy {
                $0.issuedAt.isComputable && ($0.expiresAt?.isComputable ?? true)
            }
    }
}
