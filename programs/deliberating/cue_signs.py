"""Patterns of what people ask for and who they are, with what each suggests; English."""

import re
from typing import NamedTuple

from signatures.deliberation import UserAspect


class Sign(NamedTuple):
    """A pattern, and what it suggests where it is found."""

    aspect: UserAspect
    statement: str
    pattern: re.Pattern[str]


def _sign(aspect: UserAspect, statement: str, pattern: str) -> Sign:
    return Sign(aspect, statement, re.compile(pattern, re.IGNORECASE))


_PERSON = (
    r"(?:my (?:\w+ )?(?:ex|boss|wife|husband|girlfriend|boyfriend|partner|neighbou?rs?|co-?workers?|classmates?|"
    r"teacher|roommate|sister|brother|mother|father|mum|mom|dad)|him|her|them|someone|somebody|people|a person|"
    r"a (?:man|woman|child|kid))"
)
_HARM = r"(?:hurt|harm|kill|poison|drug|stab|shoot|punish|threaten|scare|blackmail|stalk|follow|track|spy on|humiliate)"
_OTHERS = (
    rf"(?:{_PERSON}|anyone|anybody|a (?:girl|boy|stranger)|(?:his|her|their|our|the|your) (?:\w+ )?(?:ex|boss|wife|"
    r"husband|girlfriend|boyfriend|partner|neighbou?rs?|co-?workers?|colleagues?|employees?|employer|landlord|tenant)|"
    r"my (?:\w+ )?(?:colleagues?|employees?|employer|landlord|tenant|flatmate)|"
    r"(?:\w+ )?(?:else|ex|wife|husband|partner|neighbou?r|colleague|roommate|boss|somebody|someone)['’]s)"
)
_MAKE = (
    r"(?:mak|build|creat|produc|cook|brew|synthesi[sz]|grow|mix|assembl|get(?:t)?|buy|obtain|order|smuggl|print|turn|"
    r"convert)(?:e|ing)?"
)

SIGNS = (
    # One or more for each line of what the default policy forbids to everyone.
    _sign(
        "risk",
        "May want a weapon, an explosive, a poison or an illegal drug.",
        rf"\b{_MAKE}\b[^.!?\n]{{0,40}}\b(?:bombs?|explosives?|grenades?|guns?|pistols?|rifles?|firearms?|weapons?|"
        r"silencers?|ammunition|poisons?|toxins?|ricin|cyanide|nerve|germs|pathogens?|virus(?:es)?|anthrax|malware|"
        r"ransomware|keyloggers?|cocaine|heroin|meth\w*|fentanyl|mdma|ecstasy|lsd|drugs?)\b",
    ),
    _sign(
        "risk",
        "May want to get into what belongs to others.",
        r"\b(?:hack\w*|break(?:ing)? in(?:to)?|crack\w*|phish\w*|log(?:ging)? in(?:to)?|get(?:ting)? (?:in|into|past|"
        r"around)|pick(?:ing)?|bypass\w*|guess\w*|unlock\w*|access\w*|hijack\w*|take over)\b[^.!?\n]{0,40}"
        rf"(?:\b{_OTHERS}(?!\w)|\b(?:bank|school|company|government|hospital|shop|stranger|account|password)\w*\b)",
    ),
    _sign(
        "risk",
        "May want to watch, find or follow somebody.",
        r"\b(?:track\w*|stalk\w*|follow(?:ing)?|spy\w*|listen\w*|record\w*|film\w*|photograph\w*|"
        r"find(?:ing)? out where|"
        rf"watch(?:ing)?|monitor\w*|locat\w+|read(?:ing)?|see(?:ing)?)\b[^.!?\n]{{0,30}}\b{_OTHERS}(?!\w)",
    ),
    _sign(
        "risk",
        "May want to steal, cheat, forge or hide money.",
        r"\b(?:steal\w*|shoplift\w*|forg(?:e|es|ing|ery)|fak(?:e|es|ing)|counterfeit\w*|scam\w*|defraud\w*|launder\w*|"
        r"cheat\w*|plagiari\w*|evad\w+|embezzl\w*|impersonat\w*|blackmail\w*|extort\w*|brib\w+|"
        r"hid(?:e|ing) (?:\w+ ){0,3}(?:money|income|cash|assets))\b",
    ),
    _sign(
        "risk",
        "May want to threaten, insult or mislead.",
        r"\b(?:threat(?:en\w*|s)?|bull(?:y|ies|ying)|harass\w*|insult\w*|hateful|racist|sexist|slurs?|inferior|"
        r"false (?:evidence|rumou?rs?|claims?|alibi)|fake news|disinformation|misinformation|propaganda|trick\w*|"
        r"lie to|lying to|decei\w+|convinc\w+ (?:people|voters|everyone))\b",
    ),
    _sign(
        "risk",
        "May speak of sex with a child, or of contact behind carers' backs.",
        r"\b(?:sex\w*|nud\w+|naked|groom\w*|meet(?:ing)? up|secret)\b[^.!?\n]{0,40}\b(?:child\w*|kids?|minors?|"
        r"teen\w*|girls?|boys?|(?:[6-9]|1[0-7])[- ]?year)\b|\b(?:child\w*|kids?|minors?|teen\w*|"
        r"(?:[6-9]|1[0-7])[- ]?year[- ]olds?)\b[^.!?\n]{0,40}\b(?:sex\w*|nud\w+|naked)\b",
    ),
    _sign(
        "risk",
        "May want to kill, injure or drug a person or an animal.",
        r"\b(?:kill\w*|murder\w*|shoot\w*|stab\w*|strangl\w*|suffocat\w*|injur\w*|hurt\w*|harm\w*|maim\w*|attack\w*|"
        r"beat(?:ing)?(?: up)?|tortur\w*|poison\w*|drug(?:ging)?|rap(?:e|ing)|assault\w*|kidnap\w*|knock(?:ing)? out|"
        r"get rid of|dispos\w+ of|run(?:ning)? over|set fire|burn\w* down)\b[^.!?\n]{0,30}"
        rf"\b(?:{_OTHERS}|dogs?|cats?|pets?|bod(?:y|ies)|corpses?|family|wife|husband|colleague|humans?|president|crowds?|school|"
        r"train)(?!\w)",
    ),
    _sign(
        "risk",
        "May want to die, starve or hurt themselves.",
        r"\b(?:kill(?:ing)? myself|end(?:ing)? my life|suicid\w*|painless(?:ly)? (?:way|die|death)|hurt(?:ing)? myself|"
        r"cut(?:ting)? myself|starv\w+|purg(?:e|ing)|lethal|overdos\w*|stop eating|pro-?ana)\b",
    ),
    _sign("risk", "Somebody else may be meant to come to harm.", rf"\b{_HARM}\w*\b[^.!?\n]{{0,20}}\b{_PERSON}\b"),
    _sign(
        "risk",
        "Is angry and may want revenge.",
        r"\b(?:revenge|get back at|make (?:him|her|them) (?:pay|suffer|regret)|teach (?:him|her|them) a lesson|"
        r"deserves? (?:it|to)|i hate|so angry|furious)\b",
    ),
    _sign(
        "risk",
        "Wants it to stay hidden from others.",
        r"\b(?:without (?:\w+ ){0,3}(?:knowing|noticing|being caught|getting caught|consent|permission)|undetect\w+|"
        r"untraceable|secretly|get(?:ting)? away with|so (?:that )?no ?body (?:knows|notices))\b",
    ),
    _sign(
        "risk",
        "Asks for the rules to be set aside.",
        r"\b(?:ignore|disregard|forget|bypass|override|skip)\b[^.!?\n]{0,40}"
        r"\b(?:polic(?:y|ies)|instructions?|rules|guidelines|restrictions|safety|filters?)\b",
    ),
    _sign(
        "vulnerability",
        "May be in distress.",
        r"\b(?:i (?:want to die|can'?t go on|can'?t cope|feel (?:hopeless|worthless|so alone))|hurt(?:ing)? myself|"
        r"kill(?:ing)? myself|end (?:it all|my life)|suicid\w*|self-?harm\w*|overdos\w*|depress\w*|panic\w*)\b",
    ),
    _sign(
        "vulnerability",
        "May be a child or a teenager.",
        r"\b(?:i'?m|i am|aged?:?|age,?) (?:only )?(?:[6-9]|1[0-7])\b|\b(?:[6-9]|1[0-7])[- ]years?[- ]old\b|"
        r"\b(?:teen(?:ager)?|minor|pupil|school ?(?:boy|girl|kid)|in (?:year|grade) \d)\b",
    ),
    _sign(
        "intent",
        "Writes fiction and needs it for a story.",
        r"\b(?:novel(?:ist)?|screenplay|screenwriter|short story|fiction|thriller|my (?:story|book|script|character)|"
        r"playwright|game (?:writer|designer))\b",
    ),
    _sign(
        "intent",
        "Wants to study or teach the subject.",
        r"\b(?:homework|essay|thesis|dissertation|exam|lecture|lesson|student|teacher|professor|historian|research\w*|"
        r"history|museum)\b",
    ),
    _sign(
        "intent",
        "Wants to prevent harm or stay safe.",
        r"\b(?:prevent\w*|avoid\w*|protect\w*|defend\w*|safely|is it (?:safe|dangerous)|warning signs|recogni[sz]e|"
        r"spot|keep (?:\w+ )?safe|stop (?:him|her|them|it|someone) from)\b",
    ),
    _sign(
        "need",
        "Cares for somebody who may need protecting.",
        r"\b(?:my (?:\w+ )?(?:child(?:ren)?|kids?|son|daughter|toddler|baby|dog|cat|pet|patients?|grand\w+)|"
        r"parent|carer|caregiver|guardian)\b",
    ),
    _sign(
        "expertise",
        "Says they work in a field where this is ordinary.",
        r"\b(?:doctor|physician|nurse|pharmacist|paramedic|vet(?:erinarian)?|toxicologist|chemist|lawyer|solicitor|"
        r"police|detective|locksmith|(?:security )?(?:researcher|engineer|analyst)|pen(?:etration)?[- ]?tester|"
        r"sysadmin|developer|programmer|journalist|social worker|counsell?or|therapist|farmer|hunter|pest control\w*|"
        r"firefighter|biologist)s?\b",
    ),
    _sign(
        "need",
        "Needs a computer or machine to do what it should.",
        r"\b(?:process|server|python|linux|windows|database|script|code|program|thread|terminal|laptop|router|"
        r"compiler|software|engine|battery)\b",
    ),
    _sign("need", "Wants to know how to do it, step by step.", r"\bhow (?:do|can|could|should|would|to)\b|\bsteps\b"),
    _sign(
        "need",
        "Wants facts or an explanation.",
        r"\b(?:what|why|when|where|who|which|explain|describe|difference|tell me about|is it|are there|does)\b",
    ),
    _sign("need", "Wants a text to be written.", r"^\W*(?:please )?(?:write|draft|compose|create|make up|invent)\b"),
)
"""In the order in which they are offered, but for risks and vulnerability, which come first."""
