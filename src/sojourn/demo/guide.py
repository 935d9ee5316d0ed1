"""The buying guides that can be downloaded, as PDF files of one page.

In: a category. Out: the bytes of a file. Never more than the few operators that lines of text need.
"""

from __future__ import annotations

from functools import cache

from sojourn.demo.wares import listed

_HEADING = 22
_LINE = 12


@cache
def guide_pdf(category: str) -> bytes:
    """The guide of a category (PDF 1.4, ISO 32000-1 section 7.5)."""
    lines = [
        f"How to choose: {category}",
        "",
        "Buy what you will carry, not what you might need once.",
        "Weigh it in your hand, and then all of it on your back.",
        "The price is paid once, the weight with every step.",
        "",
        "What others take:",
        *(f"  - {product.name}, {product.weight_kg} kg, EUR {product.price:.2f}" for product in listed(category)[:6]),
        "",
        "A page of Sojourn's demo shop. Nothing here is for sale.",
    ]
    shown = [f"BT /F1 {_HEADING} Tf 60 760 Td ({_escaped(lines[0])}) Tj ET", f"BT /F1 {_LINE} Tf 60 730 Td 18 TL"]
    shown += [f"({_escaped(line)}) Tj T*" for line in lines[1:]]
    content = "\n".join([*shown, "ET"]).encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(file)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
