/// The files of a pack of evidence (docs/evidence-pack.md). A pack holds each of them once, and nothing else.
enum PackFile: String, CaseIterable {
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
    /// Only on request, and sealed.
    case annex = "annex.json"

    var isOptional: Bool { self == .annex }
    /// Those that the list of digests names.
    var isListed: Bool { self != .manifest && self != .sums }
}
