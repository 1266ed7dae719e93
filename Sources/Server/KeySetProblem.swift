/// Why an issuer's keys could not be read, in words for whoever runs the program.
struct KeySetProblem: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
