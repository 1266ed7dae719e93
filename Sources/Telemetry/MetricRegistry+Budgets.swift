extension MetricRegistry {
    /// What budgets of tokens were asked for; a route on which nobody has one is left out.
    func writeBudgets(to page: inout Exposition) {
        let subjects = subjects
        page.begin(.budgetTokens)
        for (number, subject) in subjects.routes.enumerated() {
            for (state, place) in [
                ("reserved", MetricLayout.Route.reservedTokens),
                ("settled", MetricLayout.Route.settledTokens),
            ] {
                let value = total(layout.route(number) + place)
                guard value > 0 else { continue }
                page.sample(.budgetTokens, Self.labels(subject) + [("state", state)], value)
            }
        }
        page.begin(.budgetRefusals)
        for (number, subject) in subjects.routes.enumerated() {
            let value = total(layout.route(number) + MetricLayout.Route.budgetRefusals)
            if value > 0 { page.sample(.budgetRefusals, Self.labels(subject), value) }
        }
    }
}
