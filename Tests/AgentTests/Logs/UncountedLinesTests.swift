import Domain
import Platform
import Testing

@testable import Agent

@Suite("Lines that are not counted") struct UncountedLinesTests {
    @Test(
        "a line of a time that no clock shows is bad: 1975 and 2150 would spoil the whole summary")
    func implausible() throws {
        let log = try Following()
        log.append("157766400.000 a\n1795482000.000 b\n5680281600.000 c\n")
        try log.poll()
        #expect(log.seen == ["b"] && log.follower.notes.bad.count == 2)
        #expect(log.follower.notes.bad.samples.first?.why.contains("2020") == true)
    }

    @Test(
        "what the proxy answered itself is passed over: by $upstream_status where it stands, else by status"
    )
    func unforwarded() throws {
        func taken(_ format: String, _ lines: [String]) throws -> [String] {
            let scratch = try Scratch()
            try Files.writeAtomically(
                "\(scratch.path)/x", lines.map { $0 + "\n" }.joined())
            let unknown = LogExpression(.constant([63]))
            let follower = try LogFollower(
                path: "\(scratch.path)/x", format: LogFormat(format), account: unknown,
                service: unknown, resumingAt: nil, unforwarded: LogSource.unforwardedStandard)
            var taken: [String] = []
            try follower.poll { line, _ in taken.append(line.requestID) }
            #expect(follower.notes.unforwarded == Int64(lines.count - taken.count))
            #expect(follower.notes.bad.count == 0)
            return taken
        }
        let statuses = [200, 400, 401, 403, 404, 429, 444, 499, 500, 502, 503, 504]
        #expect(
            try taken(
                "$msec $status $request_id", statuses.map { "1795482000.000 \($0) \($0)" })
                == ["200", "400", "404", "499", "500", "502", "504"])
        #expect(
            try taken(
                "$msec $status [$upstream_status] $request_id",
                [
                    "1795482000.000 200 [200] a", "1795482000.000 403 [403] b",
                    "1795482000.000 403 [-] c", "1795482000.000 400 [-] d",
                    "1795482000.000 503 [502, 503] e",
                ]) == ["a", "b", "e"])
        #expect(
            try taken(
                "json",
                [
                    #"{"msec":1795482000,"status":403,"request_id":"a"}"#,
                    #"{"msec":1795482000,"status":403,"upstream_status":"403","request_id":"b"}"#,
                    #"{"msec":1795482000,"status":200,"upstream_status":"","request_id":"c"}"#,
                    #"{"msec":1795482000,"status":200,"request_id":"d"}"#,
                ]) == ["b", "d"])
    }
}
