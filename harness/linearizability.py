"""Checks linearizability: whether some sequential order of operations explains what concurrent clients saw.

The search is Wing and Gong's, "Testing and Verifying Concurrent Objects" (1993). As Lowe added in "Testing for
Linearizability" (2017), it remembers the configurations that it has visited.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

NEVER = math.inf

State = TypeVar("State", bound=Hashable)


@dataclass(frozen=True)
class Operation:
    """One call and its outcome. All times are in seconds on one clock.

    A call with an unknown outcome has no reply, and `completed` is NEVER. It takes effect at some time after its
    invocation, at most once.
    """

    call: Any
    reply: Any
    invoked: float
    completed: float


# Returns the states that an operation may lead to. There are none if its reply is impossible in the given state.
Step = Callable[[State, Operation], Iterable[State]]


def explain(history: Iterable[Operation], initial: State, step: Step[State]) -> Sequence[Operation] | None:
    """Return an order of the operations that the model allows and that respects their times, or None.
    If one operation was completed before another was invoked, it comes first in the order.
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
                # An operation without a known reply that changes nothing may as well not have happened.
                idle = operation.completed == NEVER and after == state
                if not idle and configuration not in seen:
                    seen.add(configuration)
                    stack.append((configuration, Order(order, operation)))
    return None


@dataclass(frozen=True)
class Order:
    """An order under construction. Orders with the same beginning share it in memory."""

    before: "Order | None"
    last: Operation | None

    def operations(self) -> list[Operation]:
        found, order = [], self
        while order.before is not None:
            if order.last is not None:
                found.append(order.last)
            order = order.before
        return found[::-1]
