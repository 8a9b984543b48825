"""Published methods that HyPerAlign is compared with, one file each: TICL and PROSE."""

from programs.rivals.prose import Prose, ProseSettings
from programs.rivals.ticl import Ticl, TiclSettings

__all__ = ["Prose", "ProseSettings", "Ticl", "TiclSettings"]
