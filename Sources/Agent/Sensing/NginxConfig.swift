import Domain
import Glibc
import Platform

/// Writes the gateway's nginx configuration. The njs file goes into the state folder beside it.
struct NginxConfig {
    let config: AgentConfig
    let gateway: AgentConfig.Gateway
    let systemName: String

    /// Puts `chot-gateway.js` where the configuration looks for it.
    func writeScript() throws {
        try Files.makeFolder("\(config.state)/nginx", mode: 0o755)
        try Files.writeAtomically(
            "\(config.state)/nginx/chot-gateway.js",
            PackageResources.chot_gateway_js, mode: 0o644)
    }

    /// A whole nginx.conf for `nginx -c`.
    func standalone() -> String {
        let folder = "\(config.state)/nginx"
        let user = getuid() == 0 ? "user \(Self.userName());\n" : ""
        return """
            # Written by chot-agent nginx-config --standalone; change agent.json5 instead.
            \(user)daemon off;
            pid \(folder)/nginx.pid;
            error_log \(folder)/error.log warn;
            load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
            worker_processes 1;
            worker_rlimit_nofile 16384;
            events { worker_connections 4096; }
            http {
                client_body_temp_path \(folder)/body;
                proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/fastcgi;
                uwsgi_temp_path \(folder)/uwsgi;
                scgi_temp_path \(folder)/scgi;
            \(http())
            }

            """
    }

    /// What belongs into the `http` block of an nginx that is already there.
    func http() -> String {
        let folder = "\(config.state)/nginx"
        let upstream = Upstream(gateway.upstream)
        return """
                js_import chot from \(folder)/chot-gateway.js;
                server_tokens off;
                # No body, no account and no subject in the log.
                log_format chot escape=json '{"time":"$time_iso8601","id":"$request_id","status":$status,'
                    '"verdict":"$sent_http_x_chot_verdict","reason":"$sent_http_x_chot_reason",'
                    '"seconds":$request_time}';
                access_log \(folder)/access.log chot buffer=32k flush=1s;
                keepalive_timeout 75s;
                keepalive_requests 100000;
                map $request_uri $chot_last_path_segment { "~^[^?]*/(?<chot_segment>[^/?]+)/?(\\?|$)" $chot_segment; default ""; }
                upstream chot_agent { server \(agentAddress()); keepalive 64; keepalive_requests 1000000; }
                upstream chot_npd { server \(upstream.authority); keepalive 64; keepalive_timeout 4s; }
            \(config.gatewayListens.map(server).joined(separator: "\n"))
            """
    }

    /// One address of the gateway. The systems it serves may be told apart by it.
    private func server(_ listen: ListenAddress) -> String {
        let size = gateway.bodyBytesMax
        let upstream = Upstream(gateway.upstream)
        return """
                server {
                    listen \(listen);
            \(realAddress())
                    underscores_in_headers on;
                    ignore_invalid_headers off;
                    client_max_body_size \(size);
                    # Room for the framing of a chunked body: one on disk cannot be read by njs.
                    client_body_buffer_size \(size + 65536);
                    merge_slashes off;
                    subrequest_output_buffer_size 64k;
                    set $chot_on_agent_down \(gateway.onAgentDown.rawValue);
                    set $chot_soap_fault_status \(gateway.faultIsAlways500 ? "500" : "verdict");
                    set $chot_agent_down_fault \(quoted(downFault(listen)));
                    set $chot_matched_headers "\(config.matchedHeaders.joined(separator: " "))";
                    location / { js_content chot.gate; }
                    location = /__chot_authorize {
                        internal;
                        proxy_pass http://chot_agent/;
                        # Only what the agent reads; the rest of the client's headers is not its business.
                        proxy_pass_request_headers off;
                        proxy_set_header Content-Type $content_type;
                        proxy_set_header Content-Encoding $http_content_encoding;
                        proxy_http_version 1.1;
                        proxy_next_upstream off;
                        proxy_connect_timeout 1s;
                        proxy_read_timeout 5s;
                        proxy_set_header Connection "";
                        proxy_set_header Host agent;
                        proxy_set_header X-Real-IP $remote_addr;
                        proxy_set_header X-Request-Id $request_id;
                        proxy_set_header X-Chot-Account \(config.mode == .headers ? gateway.accountVariable : "\"\"");
                        proxy_set_header X-Chot-Service \(config.mode == .headers ? gateway.serviceVariable : "\"\"");
                        proxy_set_header X-Chot-Subject "";
            \(systemHeaders(listen))
                    }
                    location @npd {
                        proxy_pass \(upstream.scheme)://chot_npd;
                        proxy_http_version 1.1;
                        proxy_next_upstream off;
                        proxy_connect_timeout 10s;
                        proxy_read_timeout \(gateway.timeoutSeconds)s;
                        proxy_send_timeout \(gateway.timeoutSeconds)s;
                        proxy_set_header Connection "";
                        proxy_set_header Host \(upstream.host);
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
            \(upstream.scheme == "https" ? tls(upstream) : "")
                    }
                }
            """
    }

    private func tls(_ upstream: Upstream) -> String {
        """
                        proxy_ssl_server_name on;
                        proxy_ssl_name \(upstream.name);
                        proxy_ssl_verify on;
                        proxy_ssl_trusted_certificate \(gateway.upstreamCA);
        """
    }

    /// The client's address from `X-Forwarded-For`, only from proxies that the configuration names.
    private func realAddress() -> String {
        guard !gateway.trustedProxies.isEmpty else { return "" }
        let lines =
            gateway.trustedProxies.map { "set_real_ip_from \($0);" }
            + ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]
        return lines.map { "        " + $0 }.joined(separator: "\n")
    }

    private func agentAddress() -> String {
        if case .unix(let path) = config.authorize { return "unix:\(path)" }
        return config.authorize.description
    }

    /// What tells several systems apart: the address, and the headers that the configuration names.
    private func systemHeaders(_ listen: ListenAddress) -> String {
        guard !config.systems.isEmpty else { return "" }
        let lines =
            ["proxy_set_header \(AuthorizeEndpoint.listenHeader) \"\(listen)\";"]
            + config.matchedHeaders.map { name in
                let variable = String(name.map { $0 == "-" ? "_" : $0 })
                return "proxy_set_header \(name) $http_\(variable);"
            }
        return lines.map { "                " + $0 }.joined(separator: "\n")
    }

    private func downFault(_ listen: ListenAddress) -> String {
        let own = config.systems.first { $0.match == .listen(listen) }
        let message = MessageKey.refuseAgentDown.text([
            "code": .same("agent-down"), "system_name": .same(own?.code.rawValue ?? systemName),
            "retry_after": .same(5),
        ])
        return SoapFault.text(message, code: "agent-down")
    }

    /// A string for nginx; its variables begin with a dollar, which a message must not hold.
    private func quoted(_ text: String) -> String {
        "'" + text.filter { $0 != "$" && $0 != "'" && $0 != "\n" && $0 != "\\" } + "'"
    }

    private static func userName() -> String {
        let name = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        let group = getgrgid(getgid()).map { String(cString: $0.pointee.gr_name) } ?? name
        return "\(name) \(group)"
    }
}

/// `https://lgsp.example:8443/npd` taken apart; the path is ignored, the client's own goes on.
struct Upstream {
    let scheme: String
    /// As it stands in the URL, for the Host header.
    let host: String
    /// With a port, for nginx's upstream.
    let authority: String
    /// Without a port, for the certificate.
    let name: String

    init(_ url: String) {
        let parts = url.split(separator: "/", omittingEmptySubsequences: true)
        scheme = url.hasPrefix("https") ? "https" : "http"
        host = parts.count > 1 ? String(parts[1]) : ""
        let hasPort = host.split(separator: ":").count > 1 && !host.hasSuffix("]")
        authority = hasPort ? host : host + (scheme == "https" ? ":443" : ":80")
        name = hasPort ? String(host[..<(host.lastIndex(of: ":") ?? host.endIndex)]) : host
    }
}
