import Platform

/// What an agent works with besides its state folder; a simulation supplies its own.
struct Surroundings: Sendable {
    /// Nil means curl, with the authority and the proxy of the configuration.
    var transport: (any Transport)?
    var pace = Pace.machine
    /// The size of each ledger file in bytes.
    var ledgerBytes = LedgerFile.bytesMax
}
