"""Who somebody is in the demo shop, and what they say to it: account, newsletter, support chat.

In: requests. Out: pages that identify, subscribe, talk. Never asks for a password: it is a demo, and any address signs in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from sojourn.simulate.shop.catalogue import CATEGORIES

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.demo.counter import Asked

_ADDRESS = re.compile(r"[^@\s<>\"']{1,100}@[^@\s<>\"']{1,100}\.[^@\s<>\"'.]{1,20}")
_MOST_SAID = 20
_ANSWERS = (
    (
        r"ship|deliver|cost|versand|porto",
        "Delivery costs € 14.90. Sorry that you only see it on the last step; others ask too.",
    ),
    (r"pay|card|invoice|klarna", "You can pay by card, bank transfer or invoice. PayPal is not offered yet."),
    (r"coupon|code|discount|sim", "SIMSPRING10 has expired. TRAIL10 still takes ten percent off."),
    (r"return|refund|exchange|size", "Send it back within thirty days; we pay the way back."),
    (r"hello|hi|hey|hallo", "Hello! What are you looking for?"),
)
_ELSE = "Thank you. This is the demo's automatic answer; nobody reads along, and your message stays on this machine."


def is_address(text: str) -> bool:
    """Whether it looks like an e-mail address."""
    return _ADDRESS.fullmatch(text) is not None


def user_id_of(email: str) -> str:
    """The account of an address; the same one every time."""
    return f"u9{int.from_bytes(hashlib.blake2b(email.lower().encode(), digest_size=4).digest()):010}"


async def account(asked: Asked) -> Response:
    """Sign in, or who is signed in."""
    return asked.page("account.html", "Account", problem=asked.request.query_params.get("problem", ""))


async def sign_in(asked: Asked) -> Response:
    """An address signs in; the page tells who it is, with our proof."""
    email, visit = asked.form.get("email", "").lower(), asked.visit
    if not is_address(email):
        return asked.back_to("/account?problem=email")
    visit.user_id, visit.email = user_id_of(email), email
    secret = asked.counter.door.user_secret.encode()
    proof = hmac.new(secret, visit.user_id.encode(), hashlib.sha256).hexdigest()
    traits = {"email": email}
    if first_name := asked.form.get("first_name", "")[:60]:
        traits["first_name"] = first_name
    visit.tell("identify", visit.user_id, traits, {"context": {"userHash": proof}})
    visit.track("Signed In", method="email")
    return asked.back_to("/account")


async def sign_out(asked: Asked) -> Response:
    """Nobody is signed in any more, and the browser is somebody new."""
    visit = asked.visit
    if visit.user_id:
        visit.track("Signed Out")
        visit.tell("reset")
        visit.user_id = visit.email = ""
        visit.answers = {}
    return asked.back_to("/account")


async def newsletter(asked: Asked) -> Response:
    """An address for the newsletter."""
    email, topic = asked.form.get("email", "").lower(), asked.form.get("topic", "")
    if not is_address(email):
        return asked.page("newsletter.html", "Newsletter", done=False)
    asked.visit.tell("identify", {"email": email, "communication_preference": "email"})
    asked.visit.track("Newsletter Subscribed", topics=[topic] if topic in CATEGORIES else [])
    return asked.page("newsletter.html", "Newsletter", done=True)


async def newsletter_form(asked: Asked) -> Response:
    """The page of the newsletter."""
    return asked.page("newsletter.html", "Newsletter", done=None)


async def support(asked: Asked) -> Response:
    """The chat as a page, for browsers without script."""
    return asked.page("support.html", "Support")


async def say(asked: Asked) -> Response:
    """Something is said in the chat, and answered; with script the chat box shows it, without it a page."""
    visit, text = asked.visit, asked.form.get("text", "")
    calls: list[list[object]] = []
    if text:
        if not visit.chat_id:
            visit.chat_id = f"chat-live-{secrets.token_hex(4)}"
            calls.append(["track", "Live Chat Conversation Started", {"conversation_id": visit.chat_id}])
        answer = next((words for pattern, words in _ANSWERS if re.search(pattern, text.lower())), _ELSE)
        visit.chat = [*visit.chat, ("you", text), ("shop", answer)][-_MOST_SAID:]
        about = {"conversation_id": visit.chat_id}
        calls.append(["track", "Live Chat Message Sent", {**about, "text": text}])
        calls.append(["track", "Live Chat Message Received", {**about, "text": answer}])
    if "application/json" in asked.request.headers.get("accept", ""):
        return JSONResponse({"chat": visit.chat, "calls": calls})
    for call in calls:
        visit.tell(*call)
    return asked.back_to("/support")
