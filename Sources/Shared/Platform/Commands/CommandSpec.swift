/// One command of a program, such as `lock add`.
public struct CommandSpec: Sendable {
    public let name: String
    /// The arguments and options as help shows them: `--scope SCOPE --reason TEXT`.
    public let synopsis: String
    public let summary: (vi: String, en: String)
    let argumentsMax: Int
    let options: Set<String>
    let flags: Set<String>

    /// `arguments` is how many words may stand beside the options; `.max` allows any number. `options` take a value
    /// and `flags` do not; both are given without their dashes.
    public init(
        _ name: String, _ synopsis: String = "", arguments: Int = 0, options: [String] = [],
        flags: [String] = [], vi: String, en: String
    ) {
        self.name = name
        self.synopsis = synopsis
        argumentsMax = arguments
        self.options = Set(options)
        self.flags = Set(flags)
        summary = (vi, en)
    }
}
