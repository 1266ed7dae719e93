/// One error in one dialect's words. The dialect's envelope decides which of them are sent.
struct Wording: Sendable {
    /// What goes beside the words.
    enum Detail: Sendable {
        case none
        /// The very same request may succeed later.
        case retryable
        case scope(String)
        case window(LimitWindow, limit: Int?)
        case limit(Int)
        case quota(QuotaFacts)
    }

    let status: Int
    /// The word for programs; empty where there is none.
    let code: StaticString
    let message: Sentence
    var detail = Detail.none
    /// nil: the one that the status demands, if it does.
    var field: AnswerField?

    init(
        _ status: Int, _ code: StaticString, _ message: Sentence, _ detail: Detail = .none,
        field: AnswerField? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.field = field
    }

    init(
        _ status: Int, _ code: StaticString, _ text: StaticString, _ detail: Detail = .none,
        field: AnswerField? = nil
    ) {
        self.init(status, code, .fixed(text), detail, field: field)
    }

    /// Reads the same each time, so that it can be rendered once.
    var isFixed: Bool {
        guard case .fixed = message else { return false }
        return switch detail {
        case .none, .retryable: true
        case .scope, .window, .limit, .quota: false
        }
    }
}
