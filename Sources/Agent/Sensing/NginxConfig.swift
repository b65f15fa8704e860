import Domain
import Glibc
import Platform

/// Writes the gateway's nginx configuration. The njs file goes into the state folder beside it.
struct NginxConfig {
    let config: AgentConfig
    let gateway: AgentConfig.Gateway
    let systemName: String
    /// The folder, as nginx sees it, for its logs, its pid and what it buffers.
    var folder: String
    /// The folder of `chot-gateway.js`.
    var scriptFolder: String

    init(config: AgentConfig, gateway: AgentConfig.Gateway, systemName: String) {
        self.config = config
        self.gateway = gateway
        self.systemName = systemName
        folder = "\(config.state)/nginx"
        scriptFolder = folder
    }

    /// Why nginx cannot be configured: a path would mean something else in its configuration. Nil when all is well.
    func problem() -> String? {
        var paths = [
            ("state", config.state), ("gateway.upstreamCA", gateway.upstreamCA),
            ("--folder", folder), ("--out", scriptFolder),
        ]
        let listens = config.gatewayListens.map { ("gateway.listen", $0) }
        for (key, address) in [("authorize.listen", config.authorize)] + listens {
            if case .unix(let path) = address { paths.append((key, path)) }
        }
        for (key, path) in paths {
            if !path.hasPrefix("/") {
                return "\(key) is \"\(shown(path))\"; nginx needs the whole path, beginning with /"
            }
            let isPlain = path.unicodeScalars.allSatisfy {
                $0.value >= 32 && $0.value != 127 && !"\"'\\$;{}".unicodeScalars.contains($0)
            }
            if !isPlain {
                return "\(key) is \"\(shown(path))\"; nginx takes no path with quotes, \\, $, ;, "
                    + "{, } or control characters; choose another"
            }
        }
        return nil
    }

    /// Writes `chot-gateway.js` where the configuration looks for it.
    func writeScript() throws {
        try Files.makeFolder(scriptFolder, mode: 0o755)
        try Files.writeAtomically(
            "\(scriptFolder)/chot-gateway.js", PackageResources.chot_gateway_js, mode: 0o644)
    }

    /// A complete nginx.conf for `nginx -c`.
    func standalone() -> String {
        let user = getuid() == 0 ? "user \(Self.userName());\n" : ""
        return """
            # Written by chot-agent nginx-config --standalone; change agent.json5 instead.
            \(user)daemon off;
            pid "\(folder)/nginx.pid";
            error_log "\(folder)/error.log" warn;
            load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
            worker_processes 1;
            worker_rlimit_nofile 16384;
            events { worker_connections 4096; }
            http {
                client_body_temp_path "\(folder)/body";
                proxy_temp_path "\(folder)/proxy";
                fastcgi_temp_path "\(folder)/fastcgi";
                uwsgi_temp_path "\(folder)/uwsgi";
                scgi_temp_path "\(folder)/scgi";
            \(http())
            }

            """
    }

    /// The same configuration, for inclusion in another nginx.conf.
    func included() -> String {
        """
        # Written by chot-agent nginx-config; change agent.json5 instead.
        # A part of one: include it in the http {} block of an nginx with ngx_http_js_module. A whole one: --standalone.
        \(http())
        """
    }

    /// The content of the `http` block. An nginx that includes it must load the js module itself.
    func http() -> String {
        return """
                js_import chot from "\(scriptFolder)/chot-gateway.js";
                # Empty for a query that may be asked about. chot-gateway.js says why one may not.
                js_set $chot_malformed chot.\(config.headersOnce.isEmpty ? "malformed" : "malformedOrOfTwoMinds");
                # Constants; a map costs nothing until it is read.
                map "" $chot_root { default "/"; }
                map "" $chot_on_agent_down { default "\(gateway.onAgentDown.rawValue)"; }
                map "" $chot_matched_headers { default "\(config.headersOnce.joined(separator: " "))"; }
                map $request_uri $chot_last_path_segment { "~^[^?]*/(?<chot_segment>[^/?]+)/?(\\?|$)" $chot_segment; default ""; }
                # A login that would break out of its header is none; the agent answers 400.
                map \(gateway.accountVariable) $chot_account { "~[[:cntrl:]]" ""; default \(gateway.accountVariable); }
                # How an allowed query goes on. Never twice to the NPD: nginx sends these methods to the
                # next address only if nothing was sent to the first, any other method to one address only.
                map $request_method $chot_method_way { POST @npd; PATCH @npd; LOCK @npd; default @npd_once; }
                map $chot_malformed$request_body_file $chot_way {
                    "" $chot_method_way;
                    ~^1 "malformed";
                    default "body-on-disk";
                }
                # Of a query that is refused anyhow the agent need not read them, however long they are.
                map $chot_malformed $chot_type { "" $content_type; default ""; }
                map $chot_malformed $chot_encoding { "" $http_content_encoding; default ""; }
                map $chot_malformed $chot_action { "" $http_soapaction; default ""; }
                # No body, no account, no address and no subject in the log.
                log_format chot escape=json '{"time":"$time_iso8601","id":"$request_id","status":$status,'
                    '"verdict":"$sent_http_x_chot_verdict","reason":"$sent_http_x_chot_reason",'
                    '"seconds":$request_time}';
            \(passedFormat())\
                upstream chot_agent { server "\(agentAddress())"; keepalive 64; keepalive_requests 1000000; }
                upstream chot_npd {
            \(servers())
                    keepalive 64; keepalive_requests 100000; keepalive_timeout 4s;
                }
            \(config.gatewayListens.map(server).joined(separator: "\n"))
            """
    }

    /// The server for one address of the gateway, by which the systems it serves may be told apart.
    private func server(_ listen: ListenAddress) -> String {
        let size = gateway.bodyBytesMax
        return """
                server {
                    listen "\(listen)";
                    access_log "\(folder)/access.log" chot buffer=32k flush=1s;
                    server_tokens off;
                    keepalive_timeout 75s;
                    keepalive_requests 100000;
            \(realAddress())\
                    underscores_in_headers on;
                    ignore_invalid_headers off;
                    client_max_body_size \(size);
                    # Room for the framing of a chunked body: none is to be written to disk.
                    client_body_buffer_size \(size + 65536);
                    merge_slashes off;
            \(askLocation(listen))
            \(passedLocation())\
            \(npdLocation("@npd", nextUpstream: "error timeout"))
            \(npdLocation("@npd_once", nextUpstream: "off"))
                }
            """
    }

    /// The addresses of the NPD. One that fails three times in 10 s is left alone for 10 s, unless it is the only one.
    private func servers() -> String {
        gateway.upstreams.enumerated().map { index, upstream in
            let backup = index > 0 && gateway.upstreamOrder == .primary ? " backup" : ""
            return "        server \(upstream.authority) max_fails=3 fail_timeout=10s\(backup);"
        }.joined(separator: "\n")
    }

    /// Takes the client's address from `X-Forwarded-For`, only from proxies that the configuration names.
    private func realAddress() -> String {
        guard !gateway.trustedProxies.isEmpty else { return "" }
        let lines =
            gateway.trustedProxies.map { "set_real_ip_from \($0);" }
            + ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]
        return lines.map { "        \($0)\n" }.joined()
    }

    private func agentAddress() -> String {
        if case .unix(let path) = config.authorize { return "unix:\(path)" }
        return config.authorize.description
    }

    func downFault(_ listen: ListenAddress) -> String {
        let own = config.systems.first { $0.match == .listen(listen) }
        let message = MessageKey.refuseAgentDown.text([
            "code": .same("agent-down"), "system_name": .same(own?.code.rawValue ?? systemName),
            "retry_after": .same(5),
        ])
        return SoapFault.text(message, code: "agent-down")
    }

    /// A string for nginx. It must not hold a dollar, with which nginx's variables begin.
    func quoted(_ text: String) -> String {
        "'" + text.filter { $0 != "$" && $0 != "'" && $0 != "\n" && $0 != "\\" } + "'"
    }

    private static func userName() -> String {
        let name = UserDatabase.user(getuid())?.name ?? "root"
        let group = UserDatabase.groupName(getgid()) ?? name
        return "\(name) \(group)"
    }
}
