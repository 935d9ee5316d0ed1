"""Someone in a world: identifiers, language, place, and the messages servers send about them.

In: a number and chance. Out: `Person`. Never knows what a world sells: personas and intents belong to the worlds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from sojourn.simulate.dice import Weighted
from sojourn.simulate.messages import Message, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice
    from sojourn.simulate.messages import MessageType, Post


@dataclass(frozen=True, slots=True)
class Place:
    """Where someone lives.

    Attributes:
        locale: Language and country, `de-DE`.
        timezone: Name of the time zone.
        offset_h: Hours ahead of UTC in winter.
        country: Two-letter code.
        cities: Some cities there.
    """

    locale: str
    timezone: str
    offset_h: int
    country: str
    cities: tuple[str, ...]

    @property
    def language(self) -> str:
        """Two-letter code of the language."""
        return self.locale[:2]


PLACES = Weighted.of(
    {
        Place("en-GB", "Europe/London", 0, "GB", ("London", "Leeds", "Bristol", "Glasgow", "Cardiff")): 38.0,
        Place("en-US", "America/New_York", -5, "US", ("New York", "Boston", "Atlanta", "Columbus")): 20.0,
        Place("de-DE", "Europe/Berlin", 1, "DE", ("Berlin", "Hamburg", "Leipzig", "Köln", "München")): 20.0,
        Place("fr-FR", "Europe/Paris", 1, "FR", ("Paris", "Lyon", "Nantes", "Lille", "Besançon")): 13.0,
        Place("es-ES", "Europe/Madrid", 1, "ES", ("Madrid", "Sevilla", "Bilbao", "Málaga")): 9.0,
    }
)

_FIRST = {
    "en": ("Olivia", "Noah", "Amelia", "Liam", "Ava", "George", "Isla", "Arthur", "Grace", "Leo", "Ruby", "Ethan"),
    "de": ("Emma", "Paul", "Mia", "Jonas", "Hannah", "Felix", "Lena", "Jürgen", "Sabine", "Björn"),
    "fr": ("Chloé", "Lucas", "Manon", "Hugo", "Camille", "Théo", "Inès", "Benoît"),
    "es": ("Lucía", "Hugo", "Martina", "Pablo", "Sofía", "Álvaro", "Begoña"),
}
_LAST = {
    "en": ("Smith", "Jones", "Taylor", "Brown", "Walker", "Hughes", "Patel", "O'Neill", "Clarke", "Reid"),
    "de": ("Müller", "Schmidt", "Weber", "Schäfer", "Koch", "Wolf", "Neumann", "Groß"),
    "fr": ("Martin", "Bernard", "Dubois", "Lefèvre", "Moreau", "Girard"),
    "es": ("García", "Fernández", "Muñoz", "Romero", "Ibáñez"),
}
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737: addresses kept for documentation


@dataclass(slots=True)
class Person:
    """One simulated person (or crawler), and the count of messages about them.

    Attributes:
        key: Identifier in the truth files, never in the events.
        user_id: Account identifier, None without an account.
        place: Where they live.
        address: IP address.
        first_name: Given name, in the language of the place.
        last_name: Family name.
        dice: Chance of this person alone.
        post: Where messages go.
        signed_in: Identifiers of devices where the account is signed in.
        sent: Messages numbered so far.
        anonymous_ids: Every device identifier that was used, in order of first use.
    """

    key: str
    user_id: str | None
    place: Place
    address: str
    first_name: str
    last_name: str
    dice: Dice
    post: Post
    signed_in: set[str] = field(default_factory=set)
    sent: int = 0
    anonymous_ids: dict[str, None] = field(default_factory=dict)

    @property
    def email(self) -> str:
        """An address at a domain that cannot exist (RFC 2606)."""
        return f"{self.key.replace('simulated-', '')}@mail.example"

    def message_id(self) -> str:
        """The next message id, without the world's prefix."""
        self.sent += 1
        return f"{self.key.rsplit('-', 1)[-1]}-{self.sent:04}"

    def server(
        self,
        event: str,
        at_ms: int,
        properties: Mapping[str, object],
        *,
        system: str,
        anonymous_id: str | None = None,
    ) -> bool:
        """A track call a server makes about this person; False when it would lie outside the period.

        Args:
            event: Its name.
            at_ms: When it happened.
            properties: What is known of it.
            system: Name of the system that sends it: crm, pos, mail, helpdesk, survey, phone.
            anonymous_id: Identifier used instead of the account, as a till does with a loyalty card.
        """
        return self._serve(
            "track", at_ms, Message("track", "", event=event, properties=properties), system, anonymous_id
        )

    def trait(self, at_ms: int, traits: Mapping[str, object], *, system: str, anonymous_id: str | None = None) -> bool:
        """An identify call a server makes about this person, as a CRM does with its contacts."""
        return self._serve("identify", at_ms, Message("identify", "", traits=traits), system, anonymous_id)

    def belong(self, at_ms: int, group_id: str, traits: Mapping[str, object]) -> bool:
        """A group call that puts this person into a company."""
        return self._serve("group", at_ms, Message("group", "", group_id=group_id, traits=traits), "crm", None)

    def _serve(self, kind: MessageType, at_ms: int, message: Message, system: str, anonymous_id: str | None) -> bool:
        message.type = kind
        message.message_id = self.message_id()
        message.anonymous_id = anonymous_id
        message.user_id = None if anonymous_id else self.user_id
        if message.user_id is None and anonymous_id is None:
            message.anonymous_id = next(iter(self.anonymous_ids))
        message.context = msgspec.Raw(encode({"library": {"name": f"simulated-{system}"}}))
        if message.anonymous_id is not None:
            self.anonymous_ids.setdefault(message.anonymous_id)
        return self.post.send(message, at_ms=at_ms, delay_ms=0, skew_ms=0, dice=self.dice)


def person(key: str, dice: Dice, post: Post, *, user_id: str | None) -> Person:
    """Someone new, with a place, a name and an address by chance."""
    place = dice.draw(PLACES)
    language = place.language
    address = f"{dice.pick(_NETWORKS)}.{1 + dice.below(254)}"
    return Person(key, user_id, place, address, dice.pick(_FIRST[language]), dice.pick(_LAST[language]), dice, post)
