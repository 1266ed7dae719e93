"""One measurement, rounds of them in alternating order, and what is said about the rounds."""

import statistics
import sys

from load import run_load
from processes import processor_seconds


def measured(peer, scenario, requests, directory):
    """Load, latency and the processor time the peer spent on it."""
    before = processor_seconds(peer.pid) if peer.pid else 0
    outcome = run_load(peer, scenario, requests, directory)
    spent = processor_seconds(peer.pid) - before if peer.pid else 0
    outcome["cpu_us"] = spent / requests * 1e6
    return outcome


def amount(peer, scenario, seconds, directory):
    """How many requests take the peer about that long. Warms it up, too."""
    warm_up = max(scenario.warm_up // 200 if peer.is_slow else scenario.warm_up,
                  scenario.clients * scenario.streams)
    if scenario.rate:
        run_load(peer, scenario, warm_up, directory)
        return int(scenario.rate * seconds)
    wanted = int(run_load(peer, scenario, warm_up, directory)["rate"] * seconds)
    return max(warm_up, wanted)


def compare(peers, scenario, options, directory):
    """Rounds of load in alternating order. Returns each peer's measurements."""
    requests = {peer.name: amount(peer, scenario, options.seconds, directory) for peer in peers}
    found = alternate(
        peers, scenario.name, options.rounds,
        lambda peer: measured(peer, scenario, requests[peer.name], directory))
    return {"requests": requests, "peers": found}


def alternate(peers, name, rounds, measurement):
    """Every peer in every round, in an order that is reversed from round to round."""
    found = {peer.name: [] for peer in peers}
    for number in range(rounds):
        for peer in peers if number % 2 == 0 else peers[::-1]:
            outcome = measurement(peer)
            found[peer.name].append(outcome)
            say(f"{name:10} round {number + 1} {peer.name:10} {outcome['rate']:>9,.0f} a second  "
                f"{outcome['cpu_us']:10.2f} us each")
    return found


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(rounds, name):
    return statistics.median(outcome[name] for outcome in rounds)


def spread(rounds, name):
    """The width of the rounds in percent of their median."""
    values = [outcome[name] for outcome in rounds]
    return (max(values) - min(values)) / statistics.median(values) * 100


def ratio(outcome, one, other, name="cpu_us"):
    """What `one` costs over `other`: the median of the rounds' own ratios, the least and the
    largest. Rounds of one number were made one after the other, so noise meets both."""
    pairs = zip(outcome["peers"][one], outcome["peers"][other])
    values = [mine[name] / theirs[name] for mine, theirs in pairs]
    return statistics.median(values), min(values), max(values)
