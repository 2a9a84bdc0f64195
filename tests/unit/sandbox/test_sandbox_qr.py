"""QRs are drawn so that a camera reads them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from session_core.sandbox.errors import SandboxError
from session_core.sandbox.pages import draw_qr


def test_a_qr_is_an_svg_without_scripts() -> None:
    root = ElementTree.fromstring(draw_qr("2@ref,a,b,c"))
    assert root.tag.endswith("svg")
    assert {child.tag.rpartition("}")[2] for child in root} == {"path"}


@pytest.mark.parametrize("text", ["", "x" * 2001, "\u00e9" * 2000])
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(SandboxError) as refused:
        draw_qr(text)
    assert refused.value.status == 422
