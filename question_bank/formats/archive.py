"""Whether a workbook, which is a ZIP archive, may be unpacked. Pure."""

import io
import zipfile
import zlib

from question_bank.formats.exchange import FaultCode
from question_bank.formats.reading import UnreadableError

MAX_PARTS = 500
# 2,000 long questions in both languages unpack to 10 MB and 400,000 tags.
MAX_UNPACKED = 24 * 1024 * 1024
MAX_TAGS = 600_000
# Deflate reaches 1,000; a sheet of real text 5 to 20, an empty styled one 100.
MAX_RATIO = 200
RATIO_MATTERS_FROM = 1024 * 1024
CHUNK = 64 * 1024
OLE_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
ENCRYPTED = 0x1
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def check_archive(data: bytes) -> None:
    """Unpack every part once without keeping it, so that neither its declared nor its real size,
    nor the tags in it, are beyond what a workbook of questions needs.

    :raises UnreadableError: it is no such archive, or a bomb
    """
    if data.startswith(OLE_FILE):
        raise UnreadableError(FaultCode.OLD_OR_LOCKED_WORKBOOK)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_declared(archive.infolist())
            _check_real(archive)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
        ValueError, OverflowError,
    ):  # fmt: skip
        raise UnreadableError(FaultCode.NOT_A_WORKBOOK) from None


def _check_declared(parts: list[zipfile.ZipInfo]) -> None:
    names = {part.filename for part in parts}
    if len(names) < len(parts) or any(part.compress_type not in METHODS for part in parts):
        raise UnreadableError(FaultCode.NOT_A_WORKBOOK)
    if any(part.flag_bits & ENCRYPTED for part in parts):
        raise UnreadableError(FaultCode.OLD_OR_LOCKED_WORKBOOK)
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise _too_large()
    for part in parts:
        if part.file_size > max(RATIO_MATTERS_FROM, MAX_RATIO * part.compress_size):
            raise _too_large()


def _check_real(archive: zipfile.ZipFile) -> None:
    size = tags = 0
    for part in archive.infolist():
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                # In UTF-16 too a tag begins with this byte.
                tags += chunk.count(b"<")
                if size > MAX_UNPACKED or tags > MAX_TAGS:
                    raise _too_large()


def _too_large() -> UnreadableError:
    limit = MAX_UNPACKED // 1024 // 1024
    return UnreadableError(FaultCode.UNPACKS_TOO_LARGE, limit=limit)
