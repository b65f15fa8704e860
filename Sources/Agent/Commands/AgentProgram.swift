public enum AgentProgram { public static func run() { print(PackageResources.chot_gateway_js.count) } }
