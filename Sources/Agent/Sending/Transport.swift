import Platform

/// What carries the agent's requests: curl, or a simulated network. Blocking; thread-safe.
protocol Transport: Sendable {
    func perform(_ request: HTTPClientRequest) throws(HTTPClientError) -> HTTPClientResponse
    /// Ends the request that waits.
    func cancel()
}

extension HTTPClient: Transport {}
