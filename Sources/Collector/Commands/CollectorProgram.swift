public enum CollectorProgram { public static func run() { print("x") } }
