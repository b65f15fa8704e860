import Platform
import Testing

@Suite("ConfigReader")
struct ConfigReaderTests {
    private enum Mode: String, CaseIterable { case hold, closed }

    private func reader(_ object: [String: JSONValue]) -> ConfigReader {
        ConfigReader(.object(object), file: "agent.json5")
    }

    private func problems(_ reader: ConfigReader) -> [String] {
        do {
            try reader.finish()
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("reads each kind, and its default when absent or null")
    func good() throws {
        let root = reader([
            "text": "x", "flag": true, "count": 3, "every": "5m", "size": "4MiB", "mode": "closed",
            "names": ["a", "b"], "nested": ["deep": "y"], "nothing": .null, "port": 500,
        ])
        #expect(root.string("text") == "x")
        #expect(root.bool("flag", default: false))
        #expect(root.integer("count", in: 1...5, default: 1) == 3)
        #expect(root.milliseconds("every", in: 1000...600_000, default: 0) == 300_000)
        #expect(root.bytes("size", in: 0...(8 << 20), default: 0) == 4 << 20)
        #expect(root.oneOf("mode", default: Mode.hold) == .closed)
        #expect(root.strings("names") == ["a", "b"])
        #expect(root.child("nested").required("deep") == "y")
        #expect(root.text("port") == "500")
        #expect(root.string("nothing") == nil)
        #expect(root.integer("absent", in: 1...5, default: 2) == 2)
        #expect(root.milliseconds("absent", in: 1...5, default: 4) == 4)
        #expect(root.oneOf("absent", default: Mode.hold) == .hold)
        #expect(root.strings("absent") == nil)
        #expect(root.child("absent").string("x") == nil)
        #expect(root.children("absent").isEmpty)
        try root.finish()
    }

    @Test("all problems at once, each with file, key path, value and the way out")
    func allAtOnce() {
        let root = reader([
            "push": ["every": "0s"], "flag": "yes", "count": 9, "mode": "open", "names": ["a", 1],
            "size": "many", "nested": 3, "pus": 1,
        ])
        _ = root.child("push").milliseconds("every", in: 1000...300_000, default: 60_000)
        _ = root.bool("flag", default: false)
        _ = root.integer("count", in: 1...5, default: 1)
        _ = root.oneOf("mode", default: Mode.hold)
        _ = root.strings("names")
        _ = root.bytes("size", in: 1...1024, default: 1)
        _ = root.child("nested").string("x")
        _ = root.required("state")
        #expect(
            Set(problems(root)) == [
                #"agent.json5: push.every is "0s"; must be between 1s and 5m"#,
                #"agent.json5: flag is "yes"; must be true or false"#,
                "agent.json5: count is 9; must be a whole number from 1 to 5",
                #"agent.json5: mode is "open"; must be one of hold, closed"#,
                "agent.json5: names holds 1; must be a list of strings",
                #"agent.json5: size is "many"; must be a size like 256KiB from 1 to 1024 bytes"#,
                "agent.json5: nested is 3; must be an object: { … }",
                "agent.json5: state is missing; it must be given",
                "agent.json5: pus is unknown; did you mean push?",
            ])
    }

    @Test("an unknown key far from any known one gets no guess, also in nested objects")
    func unknown() {
        let root = reader(["zzzzzzzz": 1, "gateway": ["upstraem": "http://x"]])
        let gateway = root.child("gateway")
        _ = gateway.string("upstream")
        #expect(
            problems(root) == [
                "agent.json5: zzzzzzzz is unknown",
                "agent.json5: gateway.upstraem is unknown; did you mean upstream?",
            ])
    }

    @Test(
        "a required key is missed when absent or null, and told once when of another type",
        arguments: [
            ([:], "agent.json5: url is missing; it must be given"),
            (["url": .null], "agent.json5: url is missing; it must be given"),
            (["url": 5], "agent.json5: url is 5; must be a string"),
        ] as [([String: JSONValue], String)])
    func required(object: [String: JSONValue], expected: String) {
        let root = reader(object)
        #expect(root.required("url") == "")
        #expect(problems(root) == [expected])
    }

    @Test("a list of objects has key paths with places")
    func list() {
        let root = reader(["sites": [["name": "a"], ["nam": "b"], 3, .null]])
        let names = root.children("sites").map { $0.string("name") }
        #expect(names == ["a", nil, nil, nil])
        #expect(
            Set(problems(root)) == [
                "agent.json5: sites[1].nam is unknown; did you mean name?",
                "agent.json5: sites[2] is 3; must be an object: { … }",
                "agent.json5: sites[3] is null; must be an object: { … }",
            ])
    }

    @Test(
        "whole numbers are not text, fractions are not whole",
        arguments: [
            JSONValue.string("3"), .number(2.5), .bool(true), .integer(.max), .array([]),
        ])
    func notAnInteger(value: JSONValue) {
        let root = reader(["count": value])
        #expect(root.integer("count", in: 1...5, default: 4) == 4)
        #expect(problems(root).count == 1)
    }

    @Test(
        "spans",
        arguments: [
            ("500ms", 500), ("1s", 1000), ("60s", 60_000), ("5m", 300_000), ("24h", 86_400_000),
            ("30d", 2_592_000_000), ("0s", 0), ("", nil), ("s", nil), ("5", nil), ("5 m", nil),
            ("-5m", nil),
            ("5.5s", nil), ("5M", nil), ("5min", nil), ("٣s", nil), ("9999999999999999d", nil),
            ("1h30m", nil),
        ] as [(String, Int64?)])
    func spans(text: String, milliseconds: Int64?) {
        #expect(parseSpan(text) == milliseconds)
        if let milliseconds { #expect(parseSpan(spanText(milliseconds)) == milliseconds) }
    }

    @Test(
        "sizes",
        arguments: [
            ("0B", 0), ("17B", 17), ("256KiB", 262_144), ("1GiB", 1 << 30), ("1KB", nil),
            ("KiB", nil),
            ("-1B", nil), ("99999999999GiB", nil), ("1", nil), ("+1B", nil),
        ] as [(String, Int?)])
    func sizes(text: String, bytes: Int?) {
        let root = reader(["size": .string(text)])
        #expect(root.bytes("size", in: 0...(1 << 30), default: -7) == bytes ?? -7)
        #expect(problems(root).count == (bytes == nil ? 1 : 0))
    }

    @Test(
        "the nearest name is found, or none",
        arguments: [
            ("lock ad", "lock add"), ("LOCK", "lock"), ("lcok", "lock"), ("registry", nil),
            ("", nil),
        ] as [(String, String?)])
    func nearestName(name: String, expected: String?) {
        #expect(nearest(name, in: ["lock", "lock add", "usage"]) == expected)
    }
}
