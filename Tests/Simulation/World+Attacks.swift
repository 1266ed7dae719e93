import HTTP
import Proxy

/// What may come of those who keep no rule.
extension World {
    /// A request of an attack reached an upstream.
    func judgeForwarded(_ attack: Attack, _ head: Head) {
        if attack.reach == .nobody { fault("\(attack.name): an upstream got it") }
        if head.fields.text(of: "authorization") != nil {
            fault("\(attack.name) took its key along")
        }
    }

    /// It has done what it came for, and listened.
    func judge(_ attacker: Attacker) {
        let attack = attacker.attack
        if attacker.hasLeft { return }
        // Streams that are answered before they are broken off cost what requests cost.
        let isServed = attack.pieces > 0 && attacker.frames.heads > attack.pieces / 3
        if attack.end == .cut, !attacker.isCut, !isServed {
            fault("\(attack.name): the connection lives after \(attacker.sentBytes) bytes")
        }
        let statuses = attacker.answers.statuses
        if statuses.count > attack.answers { fault("\(attack.name): answers \(statuses)") }
        if attack.isRefused, let status = statuses.first(where: { $0 < 400 }) {
            fault("\(attack.name): answered \(status)")
        }
    }

    /// What one client may make the gateway hold, whatever it does.
    func checkBurdens(_ found: Inventory) {
        let limits = scenario.clientLimits
        for burden in found.burdens {
            if burden.streams > limits.concurrentStreams {
                fault("\(burden.streams) streams of one client")
            }
            if burden.streams == 0, burden.headBytes != 0 {
                fault("\(burden.headBytes) bytes of heads of no stream")
            }
            if burden.headBytes > limits.connectionHeadBytes {
                fault("\(burden.headBytes) bytes of heads of one client")
            }
            // What one read may add before it is counted.
            let most = limits.frames.queuedFrames + 2 * burden.streams + 65_536 / 9
            if burden.queuedFrames > most {
                fault("\(burden.queuedFrames) frames wait for one client")
            }
        }
        let bytes = attackers.reduce(0) { $0 + $1.sentBytes }
        let most = scenario.connectionMemory * (found.sessions + found.connections) + 100 * bytes
        if found.codecMemory > most { fault("the codecs hold \(found.codecMemory) bytes") }
    }

    /// When nothing moves any more nothing is done for whoever was cut or has left.
    func checkAttackers(_ found: Inventory) {
        for attacker in attackers where attacker.isGone {
            let number = attacker.request.number
            if found.shares.contains(where: { $0.requestID == "raid-\(number)" }) {
                fault("\(attacker.attack.name) outlives its client")
            }
        }
    }
}
