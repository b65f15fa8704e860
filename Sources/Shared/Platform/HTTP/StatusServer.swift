/// Serves `GET /healthz` and `GET /metrics` of both programs.
public enum StatusServer {
    /// Starts a server. `health` gives the JSON of `/healthz`; it is called on the server's thread and must not block.
    public static func start(
        _ address: ListenAddress, metrics: Metrics,
        health: @escaping @Sendable () -> [UInt8]
    ) throws(FileError) -> HTTPServer {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 1024
        options.connectionsMax = 64
        options.connectionLimits = HTTPConnectionLimits(requestMilliseconds: 5000)
        return try HTTPServer(listen: address, options: options) { request in
            switch (request.method, request.path) {
            case ("GET", "/healthz"): .reply(.json(health()))
            case ("GET", "/metrics"):
                .reply(.text(metrics.render(), type: "text/plain; version=0.0.4; charset=utf-8"))
            default: .reply(.text("not found\n", status: 404))
            }
        }
    }
}
