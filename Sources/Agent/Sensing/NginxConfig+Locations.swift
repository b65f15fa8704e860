import Platform

extension NginxConfig {
    /// The location that asks the agent about every query. The agent's refusal is the client's answer; its permission
    /// is an `X-Accel-Redirect` to one of the locations of `npdLocation`, which get the same body again.
    func askLocation(_ listen: ListenAddress) -> String {
        let isHeaders = config.mode == .headers
        return """
                    location / {
                        proxy_pass http://chot_agent$chot_root;
                        # Only what the agent reads; the rest of the client's headers is not its business.
                        proxy_pass_request_headers off;
            \(isHeaders ? headerSensing() : soapSensing())
                        proxy_http_version 1.1;
                        proxy_next_upstream off;
                        proxy_connect_timeout 1s;
                        proxy_send_timeout 5s;
                        proxy_read_timeout 5s;
                        proxy_max_temp_file_size 0;
                        proxy_set_header Connection "";
                        proxy_set_header Host agent;
                        proxy_set_header X-Real-IP \(clientAddress(listen));
                        proxy_set_header X-Request-Id $request_id;
                        proxy_set_header X-Chot-Way $chot_way;
            \(systemHeaders(listen))\
                        # 500 is a Fault of the agent's, to be passed on.
                        proxy_intercept_errors on;
                        error_page 501 502 503 504 505 507 = @chot_agent_down;
                    }
                    location @chot_agent_down {
                        set $chot_agent_down_fault \(quoted(downFault(listen)));
                        js_content chot.down;
                    }
            """
    }

    private func soapSensing() -> String {
        """
                    proxy_set_header Content-Type $chot_type;
                    proxy_set_header Content-Encoding $chot_encoding;
                    proxy_set_header SOAPAction $chot_action;
        """
    }

    private func headerSensing() -> String {
        """
                    proxy_pass_request_body off;
                    proxy_set_header Content-Length "";
                    proxy_set_header X-Chot-Account $chot_account;
                    proxy_set_header X-Chot-Service \(gateway.serviceVariable);
        """
    }

    /// The header with the client's address; a client on a unix socket has none.
    private func clientAddress(_ listen: ListenAddress) -> String {
        if case .unix = listen, gateway.trustedProxies.isEmpty { return "\"\"" }
        return "$remote_addr"
    }

    /// The headers that tell several systems apart: the gateway's address, and those that the configuration names.
    private func systemHeaders(_ listen: ListenAddress) -> String {
        guard !config.systems.isEmpty else { return "" }
        let lines =
            ["proxy_set_header \(AuthorizeEndpoint.listenHeader) \"\(listen)\";"]
            + config.matchedHeaders.map { name in
                let variable = String(name.map { $0 == "-" ? "_" : $0 })
                return "proxy_set_header \(name) $http_\(variable);"
            }
        return lines.map { "                \($0)\n" }.joined()
    }

    /// The location that goes to the NPD. `proxy_pass` without a path sends the request line on unchanged.
    func npdLocation(_ name: String, nextUpstream: String) -> String {
        """
                location \(name) {
                    proxy_pass \(gateway.upstreams[0].scheme.rawValue)://chot_npd;
                    proxy_http_version 1.1;
                    proxy_next_upstream \(nextUpstream);
                    proxy_connect_timeout \(gateway.upstreams.count > 1 ? 5 : 10)s;
                    proxy_read_timeout \(gateway.timeoutSeconds)s;
                    proxy_send_timeout \(gateway.timeoutSeconds)s;
                    proxy_set_header Connection "";
                    proxy_set_header Host \(gateway.upstreamHost);
                    proxy_set_header X-Real-IP "";
                    proxy_set_header X-Chot-Account "";
                    proxy_set_header X-Chot-Service "";
                    proxy_set_header X-Chot-Subject "";
                    proxy_set_header X-Chot-Verdict "";
                    proxy_set_header X-Chot-Reason "";
                    proxy_max_temp_file_size 0;
                    proxy_redirect off;
                    proxy_pass_header Server;
                    proxy_pass_header Date;
                    # The answer goes on as it is: the NPD does not steer this nginx.
                    proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate
                        X-Accel-Buffering X-Accel-Charset;
                    proxy_hide_header X-Chot-Verdict;
                    proxy_hide_header X-Chot-Reason;
        \(gateway.upstreams[0].scheme == .https ? tls() : "")\
                }
        """
    }

    private func tls() -> String {
        """
                    proxy_ssl_server_name on;
                    proxy_ssl_name \(Upstream.nameOf(gateway.upstreamHost));
                    proxy_ssl_verify on;
                    proxy_ssl_verify_depth 4;
                    proxy_ssl_trusted_certificate "\(gateway.upstreamCA)";

        """
    }
}
