import Foundation
import Kernel
import Testing
@Test func x() { let b = ByteBuffer(); #expect(JSONSerialization.isValidJSONObject([b.count])) }
