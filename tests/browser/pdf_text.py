"""The text of a PDF as Chromium prints it: glyphs of its fonts, each with a table of what letters they stand for."""

import re
import unicodedata
import zlib

CODE_BYTES = {b"/Type0": 2, b"/Type3": 1}


def text_of(data):
    """All letters in the order they are written, without spaces: these are where the layout has them, not where words end."""
    objects = objects_of(data)
    fonts = {number: letters(objects, one) for number, one in objects.items() if b"/ToUnicode" in one}
    said = []
    for one in objects.values():
        if b"stream" not in one or b"/FontFile" in one:
            continue
        font = {}, 1
        for name, codes in re.findall(rb"/F(\d+) [\d.]+ Tf|<([0-9A-F]+)> Tj", unpacked(one)):
            if name:
                font = fonts.get(int(name), ({}, 1))
            else:
                table, width = font
                code = bytes.fromhex(codes.decode())
                said += [table.get(code[at : at + width], "") for at in range(0, len(code), width)]
    return unicodedata.normalize("NFKC", "".join("".join(said).split()))


def objects_of(data):
    """Its objects by their numbers; what is packed in one may look like the end of it, so its length decides."""
    found, at = {}, 0
    while head := re.compile(rb"\n(\d+) 0 obj\b").search(data, at):
        end = data.index(b"endobj", head.end())
        length = re.search(rb"/Length (\d+)>> stream\n", data[head.end() : end])
        if length is not None:
            end = data.index(b"endobj", head.end() + length.end() + int(length[1]))
        found[int(head[1])] = data[head.end() : end]
        at = end
    return found


def pages_of(data):
    """How many pages it has."""
    return len(re.findall(rb"/Type /Page\b", data))


def letters(objects, font):
    """What the codes of a font stand for, and how many bytes each has."""
    width = next(width for kind, width in CODE_BYTES.items() if b"/Subtype " + kind in font)
    text = unpacked(objects[int(re.search(rb"/ToUnicode (\d+) 0 R", font)[1])]).decode()
    table = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        for code, letter in re.findall(r"<(\w+)> <(\w+)>", block):
            table[bytes.fromhex(code)[-width:]] = bytes.fromhex(letter).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        for first, last, letter in re.findall(r"<(\w+)> <(\w+)> <(\w+)>", block):
            for at in range(int(last, 16) - int(first, 16) + 1):
                table[(int(first, 16) + at).to_bytes(4, "big")[-width:]] = chr(int(letter, 16) + at)
    return table, width


def unpacked(one):
    """A stream's bytes."""
    head = re.search(rb"/Length (\d+)>> stream\n", one)
    if head is None:
        return b""
    packed = one[head.end() : head.end() + int(head[1])]
    return zlib.decompress(packed) if b"/FlateDecode" in one[: head.end()] else packed
