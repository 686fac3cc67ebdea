"""Whether one sequential order of a model explains what many clients have seen at once: linearizability.

The search is that of Wing and Gong, "Testing and Verifying Concurrent Objects" (1993), with the memory of
configurations that Lowe added in "Testing for Linearizability" (2017).
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

NEVER = math.inf

State = TypeVar("State", bound=Hashable)


@dataclass(frozen=True)
class Operation:
    """One call, and what came of it; the times are of one clock, in seconds.

    A call of unknown outcome has no reply, and is completed NEVER: it takes effect at any time from its invocation on,
    once or not at all.
    """

    call: Any
    reply: Any
    invoked: float
    completed: float


# Gives the states that an operation may lead to from a state; none where its reply is impossible there.
Step = Callable[[State, Operation], Iterable[State]]


def explain(history: Iterable[Operation], initial: State, step: Step[State]) -> Sequence[Operation] | None:
    """Return an order of the operations that the model allows and that agrees with their times; None if there is none.

    An operation comes before another one in the order when it was completed before the other was invoked.
    """
    operations = sorted(history, key=lambda operation: operation.invoked)
    required = sum(1 << number for number, operation in enumerate(operations) if operation.completed != NEVER)
    start: tuple[int, State] = (0, initial)
    seen, stack = {start}, [(start, Order(None, None))]
    while stack:
        (done, state), order = stack.pop()
        if done & required == required:
            return order.operations()
        left = [(1 << number, operation) for number, operation in enumerate(operations) if not done >> number & 1]
        horizon = min(operation.completed for _, operation in left)
        for bit, operation in left:
            if operation.invoked > horizon:
                break
            for after in step(state, operation):
                configuration = (done | bit, after)
                # What nobody has been told of, and what changes nothing, may as well not have been.
                idle = operation.completed == NEVER and after == state
                if not idle and configuration not in seen:
                    seen.add(configuration)
                    stack.append((configuration, Order(order, operation)))
    return None


@dataclass(frozen=True)
class Order:
    """An order under construction, which shares its beginning with others."""

    before: "Order | None"
    last: Operation | None

    def operations(self) -> list[Operation]:
        found, order = [], self
        while order.before is not None:
            if order.last is not None:
                found.append(order.last)
            order = order.before
        return found[::-1]
