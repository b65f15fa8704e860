import Domain
import Platform

extension CentreTroubles {
    /// Notes that the collector refused a token or a push: nothing counts until somebody looks after it. A collector
    /// that is away or busy is reported elsewhere.
    func note(ofPush failure: CollectorClient.Failure) {
        guard case .status(let status, _?, _) = failure, (400..<500).contains(status),
            ![408, 429].contains(status)
        else { return }
        note(.pushes, Localized(of: failure))
    }
}
