"""Requests and rows of a ledger about them, made for tests."""

from programs.answers import Answer
from programs.benches.request_cases import Pair, RequestCase, RequestTarget
from programs.contest import Comparison, verdict_rows
from programs.judges.request_proxy import RequestProxy
from programs.ledger import LedgerRow
from programs.safety_report import request_row
from signatures.requests import Asker, Decision, Label, Request

HELPFUL = (
    "To mend a {thing} you first look at the {thing} from all sides, then you clean the {thing}, take new parts from a "
    "shop near you, fit them one after the other with a good tool, and look again whether the {thing} now holds."
)
REFUSING = "I'm sorry, but I can't help with that."


def asked(
    pair: str, label: Label | None, n: int = 1, *, expected: Decision | None = None, role: str = "", type: str = ""
) -> Request:
    """One of a pair; its prompt names the pair and the label."""
    return Request(
        id=f"{pair}/{label}/{n}",
        prompt=f"How do I mend a {label} {pair}, its {pair}-top and {pair}-end?",
        label=label,
        pair=pair,
        expected=expected,
        type=type,
        asker=Asker(attributes={"role": role} if role else {}),
    )


def helpful(request: Request) -> str:
    return HELPFUL.format(thing=f"{request.label} {request.pair}")


def case(*requests: Request) -> RequestCase:
    return RequestCase(Pair(requests[0].pair), tuple(RequestTarget(each) for each in requests))


def judged_rows(
    cases: list[RequestCase], system: str, texts: dict[str, Answer], baseline: dict[str, Answer]
) -> list[LedgerRow]:
    judge = RequestProxy({target.id: target.request for each in cases for target in each.targets})
    return verdict_rows(Comparison("run", system, "zero-shot", judge, "target_id", request_row), cases, texts, baseline)
