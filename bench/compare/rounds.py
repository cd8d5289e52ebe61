"""Measurements that belong together are made round by round, each contender once in each: what the machine does to one it does to
all, and their ratios within a round say more than their figures."""
import statistics

from .processes import Failed


def measure(contenders, rounds, note=lambda text: None):
    """`contenders`: {name: function that gives a report}. Gives {name: [report of each round]}; None where it failed."""
    found = {name: [] for name in contenders}
    for number in range(rounds):
        for name in turned(list(contenders), number):
            try:
                found[name].append(contenders[name]())
            except Failed as failure:
                note(f"{name}: {failure}")
                found[name].append(None)
    return found


def turned(names, by):
    """Who goes first changes."""
    by %= len(names) or 1
    return names[by:] + names[:by]


def figure(report, path):
    """"latency_us.p50" of a report."""
    for part in path.split("."):
        report = report.get(part) if isinstance(report, dict) else None
    return report


def median(reports, path):
    values = [value for report in reports or () if (value := figure(report, path)) is not None]
    return statistics.median(values) if values else None


def ratio(measured, one, other, path="messages_per_second"):
    """The median of one's figure by the other's, round by round."""
    pairs = [(figure(a, path), figure(b, path)) for a, b in zip(measured.get(one, ()), measured.get(other, ()))]
    values = [a / b for a, b in pairs if a is not None and b]
    return statistics.median(values) if values else None
