"""What a finding of `compare` is called, and the sentence that tells it.

In: candidates and their numbers. Out: text. Never computes a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.analyse.show.words import duration

if TYPE_CHECKING:
    from sojourn.analyse.compare import Finding
    from sojourn.analyse.comparison_features import Candidate

_FAR = 0.25
_SLIGHT = 0.05
_TIMES = {2: "twice or more", 3: "three or more times", 5: "five or more times"}


def name(candidate: Candidate) -> str:
    """A candidate in a few words: `Shipping Cost Shown`, `Cart Viewed, three or more times`."""
    match candidate.kind:
        case "event":
            return str(candidate.event)
        case "repeat":
            return f"{candidate.event}, {_TIMES.get(candidate.times, f'{candidate.times} or more times')}"
        case "property":
            value = f"{candidate.property} {_equals(candidate)}"
            return value if candidate.event is None else f"{candidate.event} with {value}"
        case "order":
            return f"{candidate.event} before {candidate.other}"
        case "moment":
            return f"began {'on a' if candidate.property == 'weekday' else 'in the hour from'} {candidate.value}"
        case "timing":
            cut = duration(candidate.low / 1e6)
            if candidate.other is not None:
                return f"longer than {cut} from {candidate.event} to {candidate.other}"
            return f"longer than {cut} on {candidate.event}"


def sentence(finding: Finding, side_a: str, side_b: str, tried: int, *, fatal: bool = False) -> str:
    """A finding told to someone who has not seen the table.

    Args:
        finding: With everything but its sentence.
        side_a: Name of the first group, in the plural: `leavers`.
        side_b: Name of the second.
        tried: How many candidates were tried.
        fatal: Nobody who had it went on.
    """
    first, second = (side_a, side_b) if finding.difference >= 0 else (side_b, side_a)
    share, other = (finding.share_a, finding.share_b) if finding.difference >= 0 else (finding.share_b, finding.share_a)
    low, high = (
        sorted((finding.low, finding.high)) if finding.difference >= 0 else sorted((-finding.low, -finding.high))
    )
    points = f"{_signed(abs(finding.difference))} points [{_signed(low, plus=False)}, {_signed(high, plus=False)}]"
    figures = f"{_share(share)} against {_share(other)} of {second}{_asked(finding)}, {points}"
    chance = f"{_probability(finding.p_corrected)}; {tried:,} candidates were tried"
    doubt = "" if finding.sure else " Chance alone would show as much."
    if finding.sure and fatal:
        doubt = " Nobody who had it went on: it may be how they left rather than why."
    if finding.later:
        doubt = " Seen only when watched for longer than converters needed, it may be a reason or a consequence."
    return f"{first[:1].upper()}{first[1:]} {_did(finding)} {_how_much(finding)}: {figures}.{doubt} {chance[:1].upper()}{chance[1:]}."


def _equals(candidate: Candidate) -> str:
    ranged = candidate.low < candidate.high
    return str(candidate.value) if ranged else f"= {candidate.value}"


def _did(finding: Finding) -> str:
    if finding.kind == "moment":
        return finding.what
    if finding.kind == "timing":
        return (
            f"spent {finding.what}"
            if finding.event is not None and finding.what.endswith(f" on {finding.event}")
            else f"took {finding.what}"
        )
    # In quotes, for names are often words of everyday: had "cart", had "help" before "price".
    return f'had "{finding.what}"'


def _how_much(finding: Finding) -> str:
    size = abs(finding.difference)
    if size >= _FAR:
        return "far more often"
    return "slightly more often" if size < _SLIGHT else "more often"


def _asked(finding: Finding) -> str:
    """Of whom, when it was not asked of everyone; typical times."""
    if finding.kind == "order":
        return " (of those with both)"
    if finding.kind == "timing":
        a, b = duration(finding.median_a_s), duration(finding.median_b_s)
        medians = (a, b) if finding.difference >= 0 else (b, a)
        return f" (of those whose time is known; medians {medians[0]} and {medians[1]})"
    return ""


def _share(share: float) -> str:
    percent = 100 * share
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"  # noqa: PLR2004  (small shares need a digit)


def _signed(points: float, *, plus: bool = True) -> str:
    value = 100 * points
    text = f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"  # noqa: PLR2004  (as for shares)
    return f"+{text}" if plus else text.replace("-", "−")


def _probability(p: float) -> str:
    return "corrected p < 0.001" if p < 0.001 else f"corrected p = {p:.2g}"  # noqa: PLR2004  (as printed)
