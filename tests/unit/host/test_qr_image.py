from __future__ import annotations

import base64
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from session_core.host import qr_image

CODE = "2@" + "Ab3/+x" * 30 + "==," + ",".join(letter * 43 + "=" for letter in "xyz") + ",1"


@pytest.mark.parametrize("code", [CODE, "2@r,n,i,a", CODE * 3])
def test_the_picture_says_the_code(code: str) -> None:
    image = Image.open(BytesIO(qr_image.draw(code)))
    assert image.mode == "1"
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    assert found.text == code


def test_the_quiet_zone_is_white_and_modules_are_whole() -> None:
    image = Image.open(BytesIO(qr_image.draw(CODE)))
    edge = qr_image.QUIET_ZONE * qr_image.SCALE
    assert image.width == image.height
    assert image.width % qr_image.SCALE == 0
    assert image.crop((0, 0, image.width, edge)).getextrema() == (255, 255)
    assert image.getpixel((edge, edge)) == 0


def test_the_data_uri_holds_the_picture() -> None:
    head, _, data = qr_image.data_uri(CODE).partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == qr_image.draw(CODE)
