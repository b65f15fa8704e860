/// Why a sealed file cannot be opened. Nothing of it may be used then.
public enum SealedFileError: Error, Hashable, Sendable {
    case needsPassphrase
    case needsIdentity
    /// Or the file was changed in the part that the passphrase opens.
    case wrongPassphrase
    case otherIdentity
    /// Its passphrase would take more memory than is given (2^`logN` KiB).
    case tooCostly(logN: Int)
    case damaged(at: Int64)
}
