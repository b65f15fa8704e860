/// Why a sealed file cannot be opened. Nothing of its content may be used then.
public enum SealedFileError: Error, Hashable, Sendable {
    case needsPassphrase
    case needsIdentity
    /// The passphrase is wrong, or the part that it opens was changed.
    case wrongPassphrase
    case otherIdentity
    /// Opening it by its passphrase would take more memory (2^`logN` KiB) than is allowed.
    case tooCostly(logN: Int)
    case damaged(at: Int64)
}
