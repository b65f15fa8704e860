import Domain
import Platform
import Testing

@testable import Agent

@Suite("LogSource") struct LogSourceTests {
    static func problems(_ logs: String) throws -> (sources: [LogSource], problems: [String]) {
        let scratch = try Scratch()
        let path = "\(scratch.path)/agent.json5"
        try Files.writeAtomically(path, "{ logs: \(logs) }")
        let root = try ConfigFile.load(path)
        let sources = LogSource.read(root)
        do {
            try root.finish()
            return (sources, [])
        } catch {
            return (sources, error.problems.map(\.description))
        }
    }

    @Test("the documented example is read")
    func example() throws {
        let read = try Self.problems(
            """
            [ { path: "/var/log/nginx/npd.log", format: "combined", account: "$remote_user",
                service: "$request_path[2]" }, { path: "/x", format: "json", service: "TraCuu" } ]
            """)
        #expect(read.problems == [] && read.sources.count == 2)
        #expect(
            try read.sources[0]
                == LogSource(
                    path: "/var/log/nginx/npd.log", format: LogFormat("combined"),
                    account: .account, service: .service))
    }

    @Test(
        "what is wrong is told with its key",
        arguments: [
            ("[{}]", "logs[0].path is missing"),
            ("[{path: 'x'}]", "logs[0].path is \"x\"; must be a whole path"),
            ("[{path: '/x'}, {path: '/x'}]", "logs[1].path is \"/x\"; must not be followed twice"),
            (
                "[{path: '/x', format: 'main'}]",
                "logs[0].format is \"main\"; it \"main\" holds no variable"
            ),
            ("[{path: '/x', account: '$'}]", "logs[0].account is \"$\"; must be a variable"),
            (
                "[{path: '/x', account: '$http_x'}]",
                "logs[0].account is \"$http_x\"; the format has no $http_x; it has $remote_addr, "
            ),
            ("[{path: '/x', format: '$remote_user $request'}]", "it has no time; one of $msec"),
            ("[{path: '/x', format: '$remote_user $msec'}]", "it has no path for $request_path[2]"),
            ("[{path: '/x', fromat: 'json'}]", "did you mean format?"),
            ("[{path: '/x', unforwarded: [401, 'x']}]", "logs[0].unforwarded holds"),
            ("[{path: '/x', unforwarded: [4000]}]", "whole numbers from 100 to 599"),
            ("[{path: '/x', unforwarded: 401}]", "must be a list of at most 100"),
        ])
    func wrong(_ logs: String, _ message: String) throws {
        let problems = try Self.problems(logs).problems
        #expect(problems.count == 1)
        #expect(problems.first?.contains(message) == true, "\(problems)")
    }

    @Test("with several systems each log says whose it is")
    func systems() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/agent.json5"
        func problems(_ log: String) throws -> [String] {
            try Files.writeAtomically(path, "{ logs: [{ path: '/x', \(log) }] }")
            let root = try ConfigFile.load(path)
            let sources = LogSource.read(root, systems: [SystemCode(unchecked: "H26.a")])
            do {
                try root.finish()
                return [sources.first?.system?.rawValue ?? "none"]
            } catch {
                return error.problems.map(\.description)
            }
        }
        #expect(try problems("system: 'H26.a'") == ["H26.a"])
        #expect(try problems("")[0].contains("logs[0].system is missing"))
        #expect(try problems("system: 'H26.b'")[0].contains("must be one of systems: H26.a"))
        let alone = try Self.problems("[{ path: '/x', system: 'H26.a' }]").problems
        #expect(alone.first?.contains("logs[0].system is unknown") == true)
    }

    @Test("followed logs hand over lines with their log, and tell how they are")
    func followed() throws {
        let log = try Following()
        let sources = [
            LogSource(
                path: log.path, format: try LogFormat("combined"), account: .account,
                service: .service),
            try LogSource.passed(state: log.scratch.path),
        ]
        let followed = try FollowedLogs(sources, cursors: [:])
        #expect(followed.status.map(\.state) == [.missing, .missing])
        try followed.poll { _, _, _ in }
        log.append(LogCountingTests.line("canbo1") + "bad\n" + LogCountingTests.line("*x"))
        try Files.makeFolder("\(log.scratch.path)/nginx")
        log.write("0123456789abcdef", to: "nginx/passed.log")
        var seen: [(LogSource.Kind, LogLine)] = []
        var cursors: [String: LogCursor] = [:]
        try followed.poll { source, line, cursor in
            seen.append((source.kind, line))
            cursors[source.path] = cursor
        }
        #expect(seen.map(\.0) == [.queries, .queries, .passed])
        #expect(seen[0].1.login.rawValue == "canbo1" && seen[0].1.service.rawValue == "S")
        #expect(seen[0].1.status == 200 && seen[0].1.source == "::1")
        #expect(seen[0].1.at.description == "2026-11-24T08:00:00.000+07:00")
        // No login may begin with a star: it would look like a folded row.
        #expect(seen[1].1.login == .unknown)
        #expect(seen[2].1.login == .unknown && seen[2].1.service == .unknown)
        #expect(seen[2].1.requestID == "0123456789abcdef")
        #expect(cursors == followed.cursors)
        #expect(followed.status.map(\.lines) == [2, 1] && followed.status[0].bad == 1)

        let again = try FollowedLogs(sources, cursors: cursors)
        try again.poll { _, line, _ in Issue.record("counted twice: \(line)") }
        #expect(again.status.map(\.state) == [.reading, .reading])
    }
}
