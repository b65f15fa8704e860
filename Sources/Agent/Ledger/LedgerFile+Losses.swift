/// What of the followed logs was lost in an interval: in the ledger, so that a crash does not forget it. How many queries it
/// were nobody knows: the interval's time is told as not complete.
///
///     losses at 2048: u64 a kind, how often
extension LedgerFile {
    private static let lossesOffset = 2048

    func note(_ loss: LogLoss) {
        let place = Self.lossesOffset + 8 * loss.rawValue
        let count = load(place)
        // Away is away, however often one looks.
        guard loss != .away || count == 0, count < Self.countMax else { return }
        store(place, count + 1)
    }

    /// By the name that a summary tells it under (`dropped`).
    var losses: [String: Int64] {
        LogLoss.allCases.reduce(into: [:]) { all, loss in
            let count = load(Self.lossesOffset + 8 * loss.rawValue)
            // What a power loss tore was there all the same.
            if count > 0 { all[loss.name] = Int64(clamping: min(count, Self.countMax)) }
        }
    }
}
