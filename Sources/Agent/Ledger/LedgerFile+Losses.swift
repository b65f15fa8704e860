/// Counts what was lost of the followed logs in an interval. It stands in the ledger, so that a crash does not forget
/// it. Nobody knows how many queries were lost, so the interval's time is told as incomplete.
///
///     losses at 2048: u64 a kind, how often
extension LedgerFile {
    private static let lossesOffset = 2048

    func note(_ loss: LogLoss) {
        let place = Self.lossesOffset + 8 * loss.rawValue
        let count = load(place)
        // However often the agent looks, one absence counts once.
        guard loss != .away || count == 0, count < Self.countMax else { return }
        store(place, count + 1)
    }

    /// The losses by the name under which a summary tells them (`dropped`).
    var losses: [String: Int64] {
        LogLoss.allCases.reduce(into: [:]) { all, loss in
            let count = load(Self.lossesOffset + 8 * loss.rawValue)
            // A number torn by a power loss still shows that there was a loss.
            if count > 0 { all[loss.name] = Int64(clamping: min(count, Self.countMax)) }
        }
    }
}
