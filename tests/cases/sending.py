"""What a browser says and sends of a large file, and the parts of it that lie in the storage."""

from __future__ import annotations

import base64
from typing import Any

from django.core.files.storage import default_storage
from django.test import Client

from readerstudy.cases.actions import transfers

TUS = {"Tus-Resumable": "1.0.0"}
BODY = "application/offset+octet-stream"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def send(client: Client, url: str, offset: object, content: bytes, **headers: str) -> Any:
    said = {**TUS, "Upload-Offset": str(offset), **headers}
    length = {} if content else {"CONTENT_TYPE": BODY, "CONTENT_LENGTH": "0"}
    return client.generic("PATCH", url, content, content_type=BODY, headers=said, **length)


def head(client: Client, url: str) -> Any:
    return client.head(url, headers=TUS)


def parts_in_storage() -> list[str]:
    try:
        return default_storage.listdir(transfers.ARRIVING)[1]
    except FileNotFoundError:
        return []
