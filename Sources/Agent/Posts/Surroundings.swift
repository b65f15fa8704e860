import Platform

/// What an agent works with besides its state folder; a simulation brings its own.
struct Surroundings: Sendable {
    /// Nil: curl, with the authority and the proxy of the configuration.
    var transport: (any Transport)?
    var pace = Pace.machine
    /// Of each ledger file.
    var ledgerBytes = LedgerFile.bytesMax
}
