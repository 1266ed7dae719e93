import Kernel
import Policies
import TLS

/// The main thread: signals, and what has to be looked at now and then.
extension Gateway {
    /// Serves until SIGTERM or SIGINT, or until another process has taken over, then until what is
    /// in flight has ended or the drain's time is over; a second signal ends it at once.
    public func run() {
        var memory = MemoryReturn()
        var watch = MemoryWatch()
        var looked = Moment.now().monotonic
        var swept = looked
        watch.look(at: looked, reloader.current)
        while !isOver {
            let signal = Signal.wait(milliseconds: patience)
            let moment = Moment.now()
            let now = moment.monotonic
            watch.look(at: now, reloader.current)
            if drainedBy == nil, now.since(looked) >= 5_000_000_000 {
                memory.look(at: now)
                looked = now
            }
            reloader.current.ticketKeys?.rotate(at: now)
            if now.since(swept) >= 60_000_000_000 {
                meters.sweep(at: moment)
                swept = now
            }
            if let signal { obey(signal, at: now) }
            if predecessor?.attend(meters, at: moment) == false { predecessor = nil }
            followSuccession(at: moment)
            if let drainedBy, drainedBy <= now { post(.abort) }
        }
        end()
    }

    /// What the process before counts last has to go on to the next one.
    private var isOver: Bool {
        guard running.isOver else { return false }
        guard successor != nil, predecessor != nil, let drainedBy else { return true }
        return drainedBy <= Moment.now().monotonic
    }

    /// How long nothing has to be looked at unless a signal comes.
    private var patience: Int {
        if drainedBy != nil || succession != nil { return 20 }
        return predecessor == nil ? 1_000 : 200
    }

    private func obey(_ signal: Signal, at now: Instant) {
        switch signal {
        case .terminate, .interrupt:
            if drainedBy == nil {
                succession?.abandon()
                succession = nil
                ServiceNotice.stopping()
                drain(isPatient: false, at: now)
            } else {
                post(.abort)
            }
        case .hangUp:
            log?.reopen()
            if drainedBy == nil { reload() }
        case .user2: if drainedBy == nil { startSuccession(at: now) }
        case .user1: break
        }
    }

    private func drain(isPatient: Bool, at now: Instant) {
        drainedBy = now.advanced(milliseconds: reloader.drainMilliseconds)
        sockets = nil
        post(.drain(isPatient: isPatient))
    }

    private func reload() {
        ServiceNotice.reloading()
        reloader.reload()
        ServiceNotice.ready()
    }

    private func post(_ letter: Letter) {
        for mailbox in mailboxes { mailbox.post(letter) }
    }

    // MARK: Another process

    private func startSuccession(at now: Instant) {
        guard succession == nil, let sockets else {
            return refuse("a new process is being started already")
        }
        guard ChildProcess.own != 1 else {
            return refuse("process 1 cannot be replaced: with it the container ends")
        }
        do throws(SystemFault) {
            succession = try Succession(
                CommandLine.arguments, sockets: sockets.entries,
                milliseconds: reloader.restartMilliseconds, at: now)
        } catch {
            refuse("\(error)")
        }
    }

    private func refuse(_ reason: String) {
        StandardStream.error.write("gatehouse: not restarted: \(reason)\n")
    }

    private func followSuccession(at moment: Moment) {
        guard let succession else { return }
        let progress = succession.step(at: moment.monotonic) {
            keeping?.keeper.handOver()
            return counters(at: moment)
        }
        switch progress {
        case .underWay: break
        case .failed(let reason):
            self.succession = nil
            keeping?.keeper.takeBack()
            refuse("\(reason); this process goes on")
        case .done(let process):
            self.succession = nil
            successor = succession
            ServiceNotice.succeeded(by: process)
            StandardStream.error.write(
                "gatehouse: process \(process.number) serves; this one ends what is under way\n")
            metrics?.leave()
            drain(isPatient: true, at: moment.monotonic)
        }
    }

    private func counters(at moment: Moment) -> ByteBuffer {
        var text = ByteBuffer()
        CounterFile.write(meters.records(at: moment), into: &text)
        return text
    }

    // MARK: The end

    private func end() {
        for worker in workers { worker.join() }
        keeping?.keeper.stop()
        keeping?.thread.join()
        successor?.finish(counters(at: Moment.now()))
        health.stop()
        checking.join()
        keys.stop()
        resolver.stop()
        resolving.join()
        metrics?.stop()
        metricsThread?.join()
        log?.stop()
    }
}
