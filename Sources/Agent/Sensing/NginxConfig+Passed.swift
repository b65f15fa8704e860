/// The log of queries that the gateway lets pass while the agent is down (`onAgentDown: "pass"`): time and request
/// id, and nothing personal. The agent follows it and counts each id once.
extension NginxConfig {
    func passedFormat() -> String {
        guard gateway.onAgentDown == .pass else { return "" }
        return """
                log_format chot_passed '\(LogFormat.passed)';
                # A client that asks for the location itself gets 404 and names nothing.
                map $status $chot_has_passed { 204 1; default 0; }

            """
    }

    /// The location that chot-gateway.js asks just before such a query continues. It is a separate request, since nginx
    /// writes a query's own line only after its answer: a crash in between would lose the count. It has no buffer.
    func passedLocation() -> String {
        guard gateway.onAgentDown == .pass else { return "" }
        return """
                    location = /__chot_passed {
                        internal;
                        log_subrequest on;
                        access_log "\(folder)/passed.log" chot_passed
                            if=$chot_has_passed;
                        return 204;
                    }

            """
    }
}
