"""HyPerAlign for sensitive requests: infer who asks and what for, decide by a policy, then reply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dspy
from dspy.utils.exceptions import ContextWindowExceededError
from pydantic import BaseModel, ConfigDict, Field

from programs.deliberating.asked import PROMPT_CHARACTERS, Asked, read_request
from programs.deliberating.cues import cues
from programs.deliberating.declining import carried_out, job
from programs.deliberating.evidence import borne_out
from programs.deliberating.guard import Guard, guarded, without_claims
from programs.deliberating.policy_words import policy_words
from programs.lms.scope import model_scope
from programs.once import Once
from programs.policies import Policy
from programs.reloading import with_later_field
from programs.rivals.per_author import recall_key, unrecorded
from programs.shortening import CUTS
from signatures.deliberation import MANNERS, Deliberate, InferUserHypotheses, Respond, UserHypothesis
from signatures.requests import Decision

if TYPE_CHECKING:
    from programs.deliberating.leanings import Leanings

DEFAULT_POLICY = "default"
UNLOCKED_BY_NOTHING = "Declined without what the person says of themselves, which cannot be checked."
"""The reason of a decision that the guard made."""


class DeliberativeSettings(BaseModel):
    """What a program goes by and how much its steps may say, beside instructions and demos."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: str = Field(default=DEFAULT_POLICY, min_length=1)
    """Name or path of a policy, or a policy in plain words, where a call gives none."""
    guard: Guard = "strict"
    """What no claim unlocks (`deliberating.guard`). Unless it is off, a request is also decided without anything that
    the asker says of themselves: two more calls for each distinct prompt, where a claim could have loosened the
    decision."""
    prompt_characters: int = Field(default=PROMPT_CHARACTERS, ge=200)
    """A longer prompt keeps its opening and its end."""
    infer_tokens: int = Field(default=400, ge=100)
    """Token limit of the inferring step's answer."""
    deliberate_tokens: int = Field(default=320, ge=100)
    """Token limit of the deliberating step's answer."""
    decline_tokens: int = Field(default=80, ge=20)
    """Token limit of a reply that declines or asks back."""
    informed: bool = True
    """Whether a reply that simply answers is told what is likely of the person and what was planned, as all others are:
    a model may repeat such notes instead of answering. A compile that searches settings tries both."""


@dataclass(frozen=True, slots=True)
class _Decided:
    decision: Decision
    reason: str
    contains: tuple[str, ...]
    avoids: tuple[str, ...]


class DeliberativeProgram(dspy.Module):
    """From a request and what is known of the asker to a reply that is helpful to them and safe to everyone.

    Source: arXiv:2505.00038, the deliberative alignment experiments. Departs from the paper: the policy is data, given
    at each call; hypotheses carry quotations, which are checked; cues that need no model are offered to the inferring
    step; and a decision is made enforceable. What is declined to somebody of whom nothing is known stays declined
    whatever the asker claims (`deliberating.guard`), and a reply that should decline or ask back does, if need be by
    fixed words (`deliberating.declining`). Reason, points and hypotheses are the application's to see, not the asker's.
    """

    default_lm = "embedded"
    """Model used where no `dspy.configure` or `dspy.context` set one."""
    version: str | None = None
    """Reference of the compiled version, where this program was loaded from one."""

    def __init__(self, settings: DeliberativeSettings | None = None, leanings: "Leanings | None" = None) -> None:
        """Makes an uncompiled program: hand-written instructions, no demos.

        Args:
            settings: What it goes by.
            leanings: How requests with the same signs were decided, offered to the deliberating step; nothing if None.

        Raises: SetupError for an unknown or faulty policy in the settings.
        """
        super().__init__()
        self.settings = settings or DeliberativeSettings()
        self.leanings = leanings
        self._policy = policy_words(self.settings.policy)
        self.infer = dspy.Predict(InferUserHypotheses, max_tokens=self.settings.infer_tokens)
        self.deliberate = dspy.Predict(Deliberate, max_tokens=self.settings.deliberate_tokens)
        self.respond = dspy.Predict(Respond)
        self._unclaimed = Once()

    @property
    def policy(self) -> str:
        """The policy that requests are decided by where a call gives none, in its words."""
        return self._policy

    def forward(
        self,
        prompt: str,
        attributes: Mapping[str, Any] | None = None,
        earlier: Sequence[str] = (),
        policy: str | Policy | None = None,
        hypotheses: Sequence[UserHypothesis] | None = None,
    ) -> dspy.Prediction:
        """Replies to `prompt`.

        Args:
            prompt: The request. A long one keeps its opening and its end, which a note says.
            attributes: What the asker says of themselves; nested ones are flattened.
            earlier: Earlier messages of the asker, the oldest first; the last four are read.
            policy: Name, path, plain words, or a `Policy`; the settings' own by default.
            hypotheses: Use these instead of inferring them, for instance after the asker has corrected them.

        Returns: a Prediction with `text`, `decision`, `proposed` (the model's own, before the guard), `reason`,
        `hypotheses` (tuple of UserHypothesis), `contains` and `avoids` (points planned for the reply), `notes` (what
        was cut, left out, tightened or replaced, in words), `n_dropped` (quotations that occur nowhere in what was
        said) and `shown` (hypotheses and decision, a line each).

        Raises: SetupError for an empty prompt, attributes that nest too deep or hold no text, and an unknown policy.
        """
        words = self._policy if policy is None else policy_words(policy)
        asked = read_request(prompt, attributes, earlier, self.settings.prompt_characters)
        with model_scope(self.default_lm):
            shorter = [cut for n_characters in CUTS if (cut := asked.cut_to(n_characters)) is not asked]
            for shown, more in zip([asked, *shorter], shorter, strict=False):
                try:
                    return self._reply(shown, words, hypotheses)
                except ContextWindowExceededError:
                    asked = more
            return self._reply(asked, words, hypotheses)

    def dump_state(self, json_mode: bool = True) -> dict[str, Any]:
        """The state of the steps, and of leanings if there are any."""
        own = {"leanings": self.leanings.model_dump(mode="json")} if self.leanings else {}
        return {**super().dump_state(json_mode), **own}

    def load_state(self, state: dict[str, Any], *, allow_unsafe_lm_state: bool = False) -> None:
        """Takes a saved state, also one whose deliberating step lacks the input field that came later."""
        saved = {**self.dump_state(), **state}
        if "leanings" in saved:
            # Weighing them imports what reads requests for words, which a program without any does without.
            from programs.deliberating.leanings import Leanings

            self.leanings = Leanings.model_validate(saved.pop("leanings"))
        saved["deliberate"] = with_later_field(self.deliberate, saved["deliberate"], "leanings")
        super().load_state(saved, allow_unsafe_lm_state=allow_unsafe_lm_state)

    def _reply(self, asked: Asked, policy: str, given: Sequence[UserHypothesis] | None) -> dspy.Prediction:
        hypotheses, n_dropped = (tuple(given), 0) if given is not None else self._inferred(asked)
        proposed = decided = self._decide(policy, hypotheses, asked)
        notes = list(asked.notes)
        unclaimed = self._without_claims(asked, policy, decided, bool(given))
        if guarded(decided.decision, unclaimed, self.settings.guard) != decided.decision:
            notes.append(
                f"decided {decided.decision!r}, but the same request is declined to somebody of whom nothing is known, "
                "and no claim unlocks that"
            )
            decided = _Decided("decline", UNLOCKED_BY_NOTHING, (), decided.avoids)
        text, note = carried_out(decided.decision, self._respond(asked, hypotheses, decided))
        lines = [f"{each.aspect}: {each.statement}" for each in hypotheses]
        return dspy.Prediction(
            text=text,
            decision=decided.decision,
            proposed=proposed.decision,
            reason=decided.reason,
            hypotheses=hypotheses,
            contains=decided.contains,
            avoids=decided.avoids,
            notes=(*notes, note) if note else tuple(notes),
            n_dropped=n_dropped,
            shown="\n".join([*lines, f"decision: {decided.decision}"]),
        )

    def _inferred(self, asked: Asked) -> tuple[tuple[UserHypothesis, ...], int]:
        inferred = self.infer(
            attributes=dict(asked.attributes), earlier=list(asked.earlier), cues=cues(asked), prompt=asked.prompt
        ).hypotheses
        return borne_out(inferred, asked.said)

    def _decide(self, policy: str, hypotheses: Sequence[UserHypothesis], asked: Asked) -> _Decided:
        leanings = self.leanings.of(asked, policy) if self.leanings else []
        said = self.deliberate(policy=policy, hypotheses=list(hypotheses), leanings=leanings, prompt=asked.prompt)
        return _Decided(said.decision, said.reason, _distinct(said.contains), _distinct(said.avoids))

    def _without_claims(self, asked: Asked, policy: str, decided: _Decided, told: bool) -> Decision | None:
        """The decision on the same request of somebody of whom nothing is known; None where it is that or declined.

        Hypotheses that the application gave (`told`) are claims too: nobody has checked where they come from. Made once
        for a prompt and policy, from any thread, and kept out of DSPy's trace: a demo of it would teach to decide
        without knowing who asks.
        """
        bare = without_claims(asked.prompt)
        claimed = told or asked.personal or bare != asked.prompt
        if self.settings.guard == "off" or not claimed or decided.decision == "decline":
            return None
        key = (bare, policy, recall_key((), self.infer, self.deliberate))

        def decide() -> Decision:
            with unrecorded():
                nobody = Asked(bare, {}, ())
                return self._decide(policy, self._inferred(nobody)[0], nobody).decision

        return self._unclaimed(key, decide)

    def _respond(self, asked: Asked, hypotheses: Sequence[UserHypothesis], decided: _Decided) -> str:
        brief = decided.decision in ("decline", "clarify")
        told = self.settings.informed or decided.decision != "answer"
        return self.respond(
            hypotheses=list(hypotheses) if told else [],
            contains=list(decided.contains) if told else [],
            avoids=list(decided.avoids) if told else [],
            decision=decided.decision,
            manner=MANNERS[decided.decision],
            prompt=job(decided.decision, asked.prompt),
            config={"max_tokens": self.settings.decline_tokens} if brief else {},
        ).text


def _distinct(points: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(point.strip() for point in points if point.strip()))
