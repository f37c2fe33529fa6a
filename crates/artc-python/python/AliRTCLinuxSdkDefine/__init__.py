"""Enums and structs of the engine, by the names, numbers and defaults of the vendor's documents.

Every enum is an ``IntEnum``: a member compares equal to its number, has it as ``.value`` and prints as the number in ``%d``.
Where documents and programs spell a name in two ways, both are there for one member.
"""

from . import channel, encoder, error, frame, track
from .channel import *
from .encoder import *
from .error import *
from .frame import *
from .frame import Buffer
from .track import *

__all__ = [*channel.__all__, *encoder.__all__, *error.__all__, *frame.__all__, *track.__all__]
