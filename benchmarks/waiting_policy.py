"""Compares ways to wait for the other peer: how long to hold the first read, and how often to poll after that.

Nothing is measured here: the cost model, the server's own code and the distribution of guests give the figures.
A policy is what a host does from its first read on. Its cost is in dollars for a million connections, and its delay is
the time from the guest's answer until the server finds it for the host.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import Any

from benchmarks import guests, pace
from benchmarks.cost import ANSWERING_SECONDS, GOALS_DOLLARS, Service, found, money, per_million
from benchmarks.descriptions import KINDS
from benchmarks.pace import Request
from benchmarks.report import OURS, RIVALS, save, table
from chalicelib.limits import CHANNEL_TTL_SECONDS

Results = dict[str, Any]

# Every fifth of the guests of the cost model: their mean differs by less than one percent.
GUESTS = guests.arrivals(number=guests.NUMBER // 5)
# For the delay, each of them comes at ten moments, so that no interval fits the times of the guests by chance.
MOMENTS = [(number - 4.5) * 0.311 for number in range(10)]
# The guests of `late_guest` come after 30 s. These come at about that time, at all moments between two polls.
AFTER_HALF_A_MINUTE = [29 + number / 50 for number in range(100)]
FIRST_MINUTE_SECONDS = 60

HOLDS = (0, 0.5, 1, 2, 5, 10)
INTERVALS = (0.25, 0.3, 0.4, 0.5, 0.55, 0.6, 0.8, 1, 1.5, 2, 3)
# For how many seconds the interval stays as it is, and by how much it is longer after that.
OFTEN_SECONDS = 32
GROWTHS = (2, 3, 5)


@dataclass(frozen=True)
class Policy(pace.Client):
    """Hold the first read, then poll, and after a while poll less often."""

    hold: float
    interval: float
    growth: float = 1

    def reads(self, reply_seconds: float, max_wait_seconds: float) -> tuple[Request, ...]:
        """Return what such a host asks, until its channel expires."""
        now, found = 0.0, list[Request]()
        while now < CHANNEL_TTL_SECONDS:
            wait = min(max(0.0, self.hold - now), max_wait_seconds)
            found.append(Request("host", "get_answer", now, wait))
            if wait:
                now += wait + reply_seconds
            # The host asks again at once if there is time left to hold.
            if not wait or now >= self.hold:
                now += self.interval if now < OFTEN_SECONDS else self.growth * self.interval
        return tuple(found)


@dataclass(frozen=True)
class Waiting:
    """A client that waits by some policy, and the service that it waits at."""

    service: Service

    @cached_property
    def asked(self) -> Sequence[Request]:
        return self.service.client.reads(self.service.reply_seconds, self.service.max_wait_seconds)

    def dollars(self, after: float) -> float:
        """Return the cost of a million connections whose guests come after this many seconds."""
        return per_million(self.service.fast(KINDS[0], after))

    def delay(self, after: float) -> float:
        """Return the seconds from a guest's answer until the start of the look with which the server finds it."""
        ready = after + ANSWERING_SECONDS
        for request in self.asked:
            wait = min(request.wait, self.service.max_wait_seconds)
            if request.at >= ready:
                return request.at - ready
            if request.at + wait >= ready:
                held = self.service.hold(ready - request.at, wait)
                return request.at + held.seconds - self.service.read_seconds - ready
        raise ValueError(f"the host gives up before {ready:g} s have passed")

    def figures(self) -> dict[str, float]:
        delays = {
            after: self.delay(after) for guest in GUESTS for after in (max(0.0, guest + moment) for moment in MOMENTS)
        }
        early = [delay for after, delay in delays.items() if after <= FIRST_MINUTE_SECONDS]
        return {
            "dollars": fmean(map(self.dollars, GUESTS)),
            "dollars_ready": self.dollars(0),
            "dollars_10": self.dollars(10),
            "dollars_60": self.dollars(60),
            "mean": fmean(delays.values()),
            "median": median(delays.values()),
            "p95": quantiles(delays.values(), n=20, method="inclusive")[-1],
            "first_minute": median(early),
            "half_a_minute": median(map(self.delay, AFTER_HALF_A_MINUTE)),
        }


def measure(short: bool) -> Results:
    """Return the figures of our clients and of all policies."""

    def figures(client: pace.Client) -> dict[str, float]:
        return Waiting(Service(found("units", short), found("load", short)["function"], client=client)).figures()

    return {
        "ours": figures(pace.Client()),
        "holds": {
            f"{hold:g}": {f"{interval:g}": figures(Policy(hold, interval)) for interval in INTERVALS} for hold in HOLDS
        },
        "growths": {
            f"{growth:g}": {f"{interval:g}": figures(Policy(1, interval, growth)) for interval in INTERVALS}
            for growth in GROWTHS
        },
    }


def section(results: Results, images: Path) -> str:
    """Return the section of the document, and draw its picture."""
    draw(results, images / "waiting-policy.svg")
    numbers, ours = pace.limits(), results["ours"]
    ready_goal, ten_goal, sixty_goal = GOALS_DOLLARS.values()
    shown = {
        "**our clients**": ours,
        "10 s held, then every 1 s": results["holds"]["10"]["1"],
        "1 s held, then every 0.55 s": results["holds"]["1"]["0.55"],
        "1 s held, then every 0.8 s": results["holds"]["1"]["0.8"],
        "1 s held, then every 1 s": results["holds"]["1"]["1"],
        "never held, every 0.55 s": results["holds"]["0"]["0.55"],
        "never held, every 0.8 s": results["holds"]["0"]["0.8"],
    }
    columns: dict[str, Callable[[dict[str, float]], str]] = {
        "cost, typical guests": lambda each: money(each["dollars"]),
        "cost, both ready": lambda each: money(each["dollars_ready"]),
        "cost, after 10 s": lambda each: money(each["dollars_10"]),
        "cost, after 60 s": lambda each: money(each["dollars_60"]),
        "mean delay": lambda each: f"{each['mean']:.2f} s",
        "median delay": lambda each: f"{each['median']:.2f} s",
        "p95 of the delay": lambda each: f"{each['p95']:.2f} s",
        "median delay, guests of the first minute": lambda each: f"{each['first_minute']:.2f} s",
        "median delay, guests after 30 s": lambda each: f"{each['half_a_minute']:.2f} s",
    }
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(
            table=table(
                ("policy", *columns),
                [(name, *(show(each) for show in columns.values())) for name, each in shown.items()],
            ),
            hold=f"{numbers['HOLD_AT_FIRST_MS'] / 1000:g}",
            after_news=f"{numbers['HOLD_AFTER_NEWS_MS'] / 1000:g}",
            often=f"{numbers['OFTEN_MS'] / 1000:g}",
            often_for=f"{numbers['OFTEN_FOR_MS'] / 1000:g}",
            sometimes=f"{numbers['SOMETIMES_MS'] / 1000:g}",
            rarely=f"{numbers['RARELY_MS'] / 1000:g}",
            rarely_after=f"{numbers['RARELY_AFTER_MS'] / 60_000:g}",
            within=f"{100 * guests.share_within(numbers['OFTEN_FOR_MS'] / 1000):.0f}",
            growth=f"{numbers['SOMETIMES_MS'] / numbers['OFTEN_MS']:.1f}",
            ready=money(ours["dollars_ready"]),
            ten=money(ours["dollars_10"]),
            sixty=money(ours["dollars_60"]),
            ready_goal=ready_goal,
            ten_goal=ten_goal,
            sixty_goal=sixty_goal,
            first_minute=f"{ours['first_minute']:.2f}",
            half_a_minute=f"{ours['half_a_minute']:.2f}",
            everywhere=money(results["holds"]["1"]["0.6"]["dollars_60"]),
        )
    )


def draw(results: Results, path: Path) -> None:
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4), sharex=True)
    for axes, delay, title in zip(panels, ("mean", "p95"), ("mean delay", "95th percentile"), strict=True):
        for (hold, row), color in zip(results["holds"].items(), RIVALS, strict=True):
            plot(axes, row, delay, color=color, label=f"{hold} s held, equal intervals")
        for (growth, row), style in zip(results["growths"].items(), (":", "--", "-."), strict=True):
            label = f"1 s held, intervals {growth} times as long later"
            plot(axes, row, delay, color="black", linestyle=style, label=label)
        ours = results["ours"]
        axes.plot(ours["dollars"], ours[delay], "o", color=OURS, markersize=9, label="our clients")
        axes.set(title=title, xlabel="US dollars per million connections", ylabel="seconds", xlim=(0, 110))
        axes.set_ylim(0, 4 if delay == "p95" else 2)
    panels[1].legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.02, 1))
    save(figure, path)
    pyplot.close(figure)


def plot(axes: Any, row: dict[str, dict[str, float]], delay: str, **style: Any) -> None:
    axes.plot([each["dollars"] for each in row.values()], [each[delay] for each in row.values()], linewidth=1, **style)
