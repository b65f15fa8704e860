import Domain
import Platform

extension CentreTroubles {
    /// A token or a push that is refused as such: nothing counts until somebody looks after it. That the collector
    /// is away or busy is said elsewhere.
    func note(ofPush failure: CollectorClient.Failure) {
        guard case .status(let status, _?, _) = failure, (400..<500).contains(status),
            ![408, 429].contains(status)
        else { return }
        note(.pushes, Localized(of: failure))
    }
}
