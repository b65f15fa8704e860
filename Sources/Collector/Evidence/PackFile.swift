/// The files of a pack of evidence (docs/evidence-pack.md). A pack holds each of them once, and nothing else.
package enum PackFile: String, CaseIterable {
    case manifest = "manifest.jws"
    case sums = "SHA256SUMS"
    case keys = "keys.jws"
    case lock = "lock.json"
    case context = "context.json"
    case recomputation = "recomputation.json"
    case summaries = "summaries.jws"
    case index = "summaries.json"
    case agents = "agents.json"
    case coverage = "coverage.json"
    case policies = "policies.json"
    case related = "related.json"
    case audit = "audit.json"
    case auditHead = "audit-head.jws"
    case minutes = "bien-ban.html"
    case readme = "README.txt"
    /// Included only on request, and sealed.
    case annex = "annex.json"

    var isOptional: Bool { self == .annex }
    /// The most bytes of a file. `PackBuilder` writes no larger one and `PackVerification` reads no larger one, because
    /// JSON takes twenty times its size in memory. Signed summaries have the bound by which they are collected. JSON
    /// files that are read (lock, context, index, agents, audit) may be twice as large as the largest that a nation of
    /// 10,000 agents makes; files that are only hashed may be larger.
    package var bytesMax: Int {
        switch self {
        case .manifest, .auditHead: 16 << 10
        case .readme: 64 << 10
        case .sums, .recomputation: 256 << 10
        case .keys: 1 << 20
        case .lock: 2 << 20
        case .context, .index, .agents, .audit: 8 << 20
        case .coverage, .policies, .annex, .minutes: 16 << 20
        case .related: 32 << 20
        case .summaries: PackBuilder.bytesMax
        }
    }
    /// The most bytes of an entry that is no file of a pack; it is reported as such.
    static let foreignBytesMax = 64 << 10

    /// Whether the list of digests names the file.
    var isListed: Bool { self != .manifest && self != .sums }
}
