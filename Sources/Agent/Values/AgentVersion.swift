/// The version of the program `chot-agent`.
enum AgentVersion {
    static let text = "0.1.0"
}
