"""A person's profile: what is distinctive about how they write, as a record that can be read, corrected and kept.

profile = infer_profile(samples)                      # measured, without a model
profile = infer_profile(samples, lm="embedded")       # a model states and chooses too
profile.hypotheses[0].holds("A text.")                # True, False, or None where only a reader can tell
profile.save("me.json"); profile = load_profile("me.json")
profile = update(profile, new_texts).profile
profile = learn_from_edit(profile, draft, edited).profile
print(profile.system_prompt())                        # for any chat model
"""

from programs.profiles.edits import learn_from_edit
from programs.profiles.files import load_profile
from programs.profiles.inferring import infer_profile
from programs.profiles.record import Change, Profile, ProfileHypothesis, ProfileText, ProfileTrait
from programs.profiles.updating import Update, update

__all__ = [
    "Change",
    "Profile",
    "ProfileHypothesis",
    "ProfileText",
    "ProfileTrait",
    "Update",
    "infer_profile",
    "learn_from_edit",
    "load_profile",
    "update",
]
