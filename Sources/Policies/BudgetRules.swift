/// How a site holds tokens for a request whose answer is not known yet.
public struct BudgetRules: Sendable {
    /// When a request is admitted.
    public enum Admission: UInt8, CaseIterable, Sendable {
        /// When there is room for what it may take.
        case reserve
        /// When there is room at all: the last answers may go beyond the limit.
        case check
    }

    public let admission: Admission
    private let outputTokens: Int
    private let names: NameTable
    private let outputTokensByModel: [Int]

    /// - `outputTokens`: what an answer may take where neither the request nor its model bounds it.
    public init(
        admission: Admission = .reserve, outputTokens: Int = 1_024,
        models: [(name: String, outputTokens: Int)] = []
    ) {
        self.admission = admission
        self.outputTokens = outputTokens
        names = NameTable(models.map { Array($0.name.utf8) })
        outputTokensByModel = models.map(\.outputTokens)
    }

    /// What one answer of that model may take, as far as is known.
    public func outputTokens(of model: Span<UInt8>) -> Int {
        names.find(model).map { outputTokensByModel[$0] } ?? outputTokens
    }

    /// Tokens that so many bytes of text are counted as: a token of English prose or JSON is about
    /// four bytes.
    public static func tokens(ofBytes count: Int) -> Int { count / 4 + (count % 4 > 0 ? 1 : 0) }
}
