import Platform

/// Carries the agent's requests, by curl or through a simulated network. Blocking; thread-safe.
protocol Transport: Sendable {
    func perform(_ request: HTTPClientRequest) throws(HTTPClientError) -> HTTPClientResponse
    /// Ends the request that is waiting.
    func cancel()
}

extension HTTPClient: Transport {}
