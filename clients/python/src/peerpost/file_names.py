"""Makes the name of a file from the other peer safe to use and to display.

Names in every script are kept, with their marks, joiners, symbols and emoji. Only dangerous parts are removed.
The page follows the same rules: `clients/file-names.json` lists names and the safe names they become.
"""

import unicodedata

# Python's own `re` and `unicodedata` do not know what people see as one character.
import regex

from peerpost.limits import MAX_EXTENSION_BYTES, MAX_NAME_BYTES

NOTHING_LEFT = "file"

SEPARATOR = regex.compile(r"[/\\]")
LONE_SURROGATE = regex.compile(r"[\ud800-\udfff]")
# Control characters, line and paragraph separators, and the bidirectional controls: with those, "gpj.exe" can be
# displayed as "exe.jpg".
INVISIBLE = regex.compile(r"[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FORBIDDEN_BY_WINDOWS = regex.compile(r'[<>:"|?*]')
# A leading dot hides the file, and Windows drops dots and spaces at the end.
LEADING = regex.compile(r"^[.\p{Zs}]+")
TRAILING = regex.compile(r"[.\p{Zs}]+\Z")
# On Windows, such a name stands for a device, in any directory and with any extension.
DEVICE = regex.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\p{Zs}*(\.|\Z)", regex.IGNORECASE)
EXTENSION = regex.compile(r"\.[^.]*\Z")
GRAPHEME_CLUSTER = regex.compile(r"\X")


def safe_name(offered: str) -> str:
    """Return a safe name, made from the last part of the offered one.

    It cannot lead to another directory, and it is not hidden.
    """
    return made_safe(SEPARATOR.split(offered)[-1])


def safe_path(offered: str) -> tuple[str, ...]:
    """Return the parts of a path in an archive, each made safe. The path stays in the folder where it is unpacked.

    The first part will be in one of the user's directories, so it must be visible. The other parts may begin with a
    dot, because a program's folder may need its hidden files. A `..` part becomes an ordinary name.
    """
    first, *rest = [part for part in offered.split("/") if part not in ("", ".")] or [""]
    if not first:
        return ()
    return made_safe(no_separator(first)), *(made_safe(no_separator(part), may_be_hidden=True) for part in rest)


def no_separator(part: str) -> str:
    # On Windows, a backslash would lead into another directory.
    return part.replace("\\", "_")


def made_safe(name: str, *, may_be_hidden: bool = False) -> str:
    name = LONE_SURROGATE.sub("\ufffd", name)
    # The name is normalised between the two replacements: a removed character may have stood between a letter and its
    # mark, and "<" with a mark may be one character that Windows allows.
    name = INVISIBLE.sub("", name)
    name = unicodedata.normalize("NFC", name)
    name = FORBIDDEN_BY_WINDOWS.sub("_", name)
    name = LEADING.sub("." if may_be_hidden and name.startswith(".") else "", name)
    name = TRAILING.sub("", name)
    if not name:
        return NOTHING_LEFT
    # The underscore counts towards the length, and cutting a name can turn it into the name of a device.
    return avoid_device(shorten(avoid_device(name)))


def avoid_device(name: str) -> str:
    return f"_{name}" if DEVICE.match(name) else name


def shorten(name: str) -> str:
    """If a name is too long, cut off the end of its stem, and keep its extension."""
    if size_of(name) <= MAX_NAME_BYTES:
        return name
    extension = extension_of(name)
    stem = name.removesuffix(extension)
    start = whole_characters(stem, MAX_NAME_BYTES - size_of(extension))
    return (TRAILING.sub("", start) or NOTHING_LEFT) + extension


def extension_of(name: str) -> str:
    """Return the extension with its dot, or an empty text if there is none or if it is too long."""
    found = EXTENSION.search(name)
    if found is None or size_of(found[0]) > MAX_EXTENSION_BYTES:
        return ""
    return str(found[0])


def whole_characters(text: str, room: int) -> str:
    """Return the start of a text that fits into `room` bytes.

    A letter keeps its marks, and no emoji is split.
    """
    start = ""
    for character in GRAPHEME_CLUSTER.finditer(text):
        room -= size_of(character[0])
        if room < 0:
            break
        start += character[0]
    return start


def size_of(text: str) -> int:
    return len(text.encode())
