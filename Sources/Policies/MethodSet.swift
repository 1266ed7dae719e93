import HTTP

/// The methods a route takes.
public struct MethodSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public init(_ method: Method) { rawValue = 1 << UInt16(method.rawValue) }

    public static let get = MethodSet(.get)
    public static let post = MethodSet(.post)
    public static let put = MethodSet(.put)
    public static let delete = MethodSet(.delete)
    public static let patch = MethodSet(.patch)

    /// A set that takes GET takes HEAD too. A method without a name is in no set.
    public func takes(_ method: Method) -> Bool {
        switch method {
        case .other: false
        case .head: !isDisjoint(with: [MethodSet(.head), .get])
        default: contains(MethodSet(method))
        }
    }
}
