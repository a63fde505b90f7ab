"""What a till asks a virtual card to pay: the app signs the till's challenge, which names till, moment and amount."""

from uuid import UUID

from msgspec import Struct

from virage.kernel.money import Cents


class Charge(Struct, frozen=True):
    """A tender that a virtual card pays. The challenge that its phone signed is made of these, `proof` is the answer.

    `id` is the record's, `at` its moment as the record writes it. `has_happened`: it is sold, and is judged by what it
    was then.
    """

    id: UUID
    till: UUID
    outlet: str
    at: str
    cents: Cents
    proof: str
    has_happened: bool
