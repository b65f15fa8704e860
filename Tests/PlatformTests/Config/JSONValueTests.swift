import FoundationEssentials
import Testing

@testable import Platform

@Suite("JSONValue")
struct JSONValueTests {
    @Test(
        "decodes each kind",
        arguments: [
            ("null", JSONValue.null), ("true", .bool(true)), ("3", .integer(3)),
            ("-1", .integer(-1)),
            ("9223372036854775807", .integer(.max)), ("2.5", .number(2.5)), ("\"3\"", .string("3")),
            ("[1,[]]", .array([.integer(1), .array([])])), ("{}", .object([:])),
            ("{\"a\":{\"b\":null}}", .object(["a": .object(["b": .null])])),
        ])
    func decodes(text: String, value: JSONValue) throws {
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) == value)
    }

    @Test("what is encoded decodes to the same")
    func roundTrip() throws {
        let value: JSONValue = [
            "a": [1, 2.5, "ư", true, .null], "b": ["c": [:]],
        ]
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
    }

    @Test(
        "a setting that is quoted shows no user and password",
        arguments: [
            ("http://canbo:matkhau@10.0.0.1:80", "\"http://***@10.0.0.1:80\""),
            ("canbo:mat@khau@10.0.0.1:80", "\"***@10.0.0.1:80\""),
            ("unix:/run/a@b", "\"unix:/run/a@b\""),
            ("truc@example.gov.vn", "\"truc@example.gov.vn\""),
            ("127.0.0.1:99999", "\"127.0.0.1:99999\""),
        ])
    func quoted(_ text: String, _ told: String) {
        #expect(JSONValue.string(text).shownShort == told)
    }

    @Test("merging replaces everything but objects")
    func merged() {
        let base: JSONValue = ["a": ["x": 1], "b": [1, 2], "c": ["y": 1]]
        let over: JSONValue = ["a": ["z": 2], "b": [3], "c": 5, "d": .null]
        #expect(base.merged(with: over) == ["a": ["x": 1, "z": 2], "b": [3], "c": 5, "d": .null])
    }
}
