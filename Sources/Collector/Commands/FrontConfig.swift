import Glibc
import Platform

/// The collector's TLS front as nginx configuration: only `/v1/` passes, to the unix socket.
struct FrontConfig {
    let config: CollectorConfig

    /// Where nginx writes its logs.
    func makeFolder() throws { try Files.makeFolder("\(config.state)/nginx", mode: 0o755) }

    func standalone() -> String {
        let folder = "\(config.state)/nginx"
        let name = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        let group = getgrgid(getgid()).map { String(cString: $0.pointee.gr_name) } ?? name
        return """
            # Written by chot-collector nginx-config --standalone; change collector.json5 instead.
            \(getuid() == 0 ? "user \(name) \(group);\n" : "")daemon off;
            pid \(folder)/nginx.pid;
            error_log \(folder)/error.log warn;
            worker_processes auto;
            worker_rlimit_nofile 65536;
            events { worker_connections 24000; }
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

    func http() -> String {
        let folder = "\(config.state)/nginx"
        return """
                server_tokens off;
                log_format chot '$time_iso8601 $remote_addr $status $request_method $uri $request_time $request_length';
                access_log \(folder)/access.log chot buffer=32k flush=1s;
                limit_req_zone $binary_remote_addr zone=chot_enrol:1m rate=20r/s;
                upstream chot_collector { server unix:\(config.apiSocket); keepalive 256; }
                server {
                    listen \(config.listen) ssl;
                    ssl_certificate \(config.state)/server.pem;
                    ssl_certificate_key \(config.state)/server.key;
                    ssl_protocols TLSv1.2 TLSv1.3;
                    ssl_session_cache shared:chot:4m;
                    client_max_body_size 4m;
                    client_body_buffer_size 256k;
                    client_header_timeout 15s;
                    client_body_timeout 30s;
                    keepalive_timeout 75s;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header Host collector;
                    proxy_set_header X-Real-IP $remote_addr;
                    proxy_read_timeout 75s;
                    proxy_next_upstream off;
                    location /v1/ { proxy_pass http://chot_collector; }
                    location = /v1/enroll { limit_req zone=chot_enrol burst=40; proxy_pass http://chot_collector; }
                    location / { return 404; }
                }
            """
    }
}
