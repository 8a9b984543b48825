"""Word lists that traits count: function words, stance, address, varieties of spelling. English only.

Hedges, amplifiers and discourse markers follow Biber (1988, app. II) and Hyland (2005, app.), shortened to words that
seldom mean anything else.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HEDGES = _words(
    """perhaps maybe possibly probably apparently seemingly arguably presumably likely unlikely might may could seem
    seems seemed appear appears appeared suggest suggests suggested somewhat roughly approximately almost nearly
    generally usually sometimes often mostly partly fairly rather quite slightly suppose guess reckon kinda sorta"""
)
BOOSTERS = _words(
    """very really truly certainly clearly obviously definitely absolutely completely totally entirely utterly extremely
    highly deeply strongly always never indeed surely undoubtedly incredibly hugely simply exactly every must so
    literally enormous huge"""
)
FIRST_SINGULAR = _words("i me my mine myself i'm i've i'd i'll")
FIRST_PLURAL = _words("we us our ours ourselves we're we've we'd we'll let's")
SECOND = _words("you your yours yourself yourselves you're you've you'd you'll y'all")
THIRD = _words("he him his himself she her hers herself he's she's he'd she'd he'll she'll")
PREPOSITIONS = _words(
    """of in for on with at by from into through between against during before after under over about
    within without across among toward towards upon amid despite"""
)
ARTICLES = _words("the a an")
CONTRAST = _words("but however although though yet despite nevertheless nonetheless still whereas")
WEEKDAYS = _words("monday tuesday wednesday thursday friday saturday sunday")
NEGATIONS = _words("not no never none nothing nobody nor neither cannot without")
KINDNESS = _words("please thank thanks sorry grateful appreciate kindly welcome apologies apologise apologize pardon")
MODALS_UNREAL = _words("would could should might wouldn't couldn't shouldn't i'd you'd he'd she'd we'd they'd")
PAST_BE = _words("was were wasn't weren't had hadn't did didn't")
BE = _words("be been being is are was were am isn't aren't wasn't weren't")
PARTICIPLES = _words(
    """made done given taken seen known shown held kept found told sold bought built brought caught left lost paid put
    set sent said written broken chosen driven drawn born grown thrown hit cut led met won spent thought felt struck
    shut worn beaten forced understood"""
)
REPORTING = _words("said says say told tells added adds asked asks")
REPORTING_RICH = _words(
    """noted argued warned claimed insisted suggested explained declared predicted stressed acknowledged conceded
    remarked commented stated admitted announced replied observed believes believed estimates estimated warns argues
    notes insists according"""
)
CONTRACTION_ENDS = ("n't", "'re", "'ve", "'ll", "'m", "'d")
CONTRACTED_IS = _words("it's that's there's he's she's what's who's here's where's how's let's")
CLIPPED = _words("gonna wanna gotta dunno ain't y'all coulda woulda shoulda kinda sorta lemme gimme 'em 'cause cos cuz")
GREETINGS = _words("hi hello hey dear morning evening greetings hiya howdy folks")
SIGN_OFFS = _words(
    """regards cheers best sincerely yours love thanks thank bye goodbye wishes faithfully warmly cordially respectfully
    kindly care xx xo"""
)
BRITISH = _words(
    """colour favour honour labour neighbour behaviour centre metre litre theatre programme programmes
    grey defence licence organise organised organisation realise realised recognise recognised criticise criticised
    analyse travelled travelling cancelled jewellery mum whilst amongst towards favourite catalogue learnt spelt
    burnt privatisation liberalisation stabilise utilise apologise aluminium pyjamas
    colours favours neighbours centres metres labelled modelling signalled fulfil skilful ageing manoeuvre"""
)
AMERICAN = _words(
    """color favor honor labor neighbor behavior center meter liter theater program programs gray defense
    organize organized organization realize realized recognize recognized criticize criticized analyze traveled
    traveling canceled jewelry mom favorite catalog privatization liberalization stabilize utilize apologize
    aluminum pajamas colors favors neighbors centers meters labeled modeling fulfill skillful aging maneuver
    toward gotten"""
)
