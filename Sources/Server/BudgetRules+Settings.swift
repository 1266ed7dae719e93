import Configuration
import Policies

extension BudgetRules {
    init(_ settings: TokenBudgetSettings) {
        let admission: Admission =
            switch settings.admission {
            case .reserve: .reserve
            case .check: .check
            }
        self.init(
            admission: admission, outputTokens: settings.outputTokens,
            models: settings.models.map { ($0.model, $0.outputTokens) })
    }
}
