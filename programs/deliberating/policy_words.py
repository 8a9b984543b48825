"""A policy as the deliberating step reads it, from a name, a path, a record or plain words."""

from pathlib import Path

from programs.policies import Policy, load_policy

_FILE = ".toml"


def policy_words(policy: str | Path | Policy) -> str:
    """The policy in plain words.

    A string with white space in it that does not end in ".toml" is the policy itself, as an application might write it;
    any other is the name or path of one.

    Raises: SetupError for an unknown or faulty policy.
    """
    if isinstance(policy, Policy):
        return policy.worded()
    if isinstance(policy, str) and any(map(str.isspace, policy.strip())) and not policy.strip().endswith(_FILE):
        return policy.strip()
    return load_policy(policy).worded()
