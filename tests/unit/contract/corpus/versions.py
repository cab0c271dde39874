"""Versions that cannot live side by side: SL3xx. The released version, and the contract after it."""

from tests.unit.contract.corpus.marks import BASE


def grown(text):
    return text.replace("layout: 4", "layout: 5")


OLD = BASE.replace("version: 2.1.0", "version: 2.0.0")
CASES = {
    "another product": (
        OLD.replace("product: lamp", "product: «SL301»torch"),
        BASE,
    ),
    "a misnamed release that is newer": (BASE.replace("version: 2.1.0", "version: «SL302»«SL303»2.2.0"), BASE),
    "a released version that was edited": (
        BASE.replace("version: 2.1.0", "version: «SL302»2.1.0"),
        BASE.replace("version: 2.1.0", "version: «SL304»2.1.0").replace("cap: 10 min", "cap: 9 min"),
    ),
    "a name with another id": (OLD, BASE.replace("id: 9", "id: «SL305»8")),
    "an id with another name": (
        OLD,
        BASE.replace("vitals: {id: 9", "health: {id: «SL305»9")
        .replace("[vitals,", "[health,")
        .replace("light, vitals,", "light, health,"),
    ),
    "a layout that changed under its number": (
        OLD,
        BASE.replace("layout: 4", "layout: «SL306»4").replace("scale: 0.01", "scale: 0.02"),
    ),
    "a field removed": (
        OLD,
        grown(BASE)
        .replace("- {name: drive, type: i16, scale: 0.01, offset: 5, unit: W, range: [0, 20]}\n      ", "")
        .replace("{name: mode, type: mode}", "«SL307»{name: mode, type: mode}"),
    ),
    "the last field removed": (
        OLD,
        grown(BASE)
        .replace("      - {name: seen, type: bool, since: 2.0.0}\n", "")
        .replace("- {name: warmth", "«SL307»- {name: warmth"),
    ),
    "a field of another type": (
        OLD,
        grown(BASE).replace("{name: drive, type: i16", "«SL308»{name: drive, type: i32"),
    ),
    "a field of another scale": (
        OLD,
        grown(BASE).replace("{name: drive, type: i16, scale: 0.01", "«SL309»{name: drive, type: i16, scale: 0.02"),
    ),
    "a calibration with other terms": (
        OLD,
        grown(BASE).replace("bits: 12", "bits: 14").replace("{name: warmth", "«SL309»{name: warmth"),
    ),
    "an enum member renamed": (
        OLD,
        grown(BASE).replace("1: bright", "1: dim").replace("{name: mode, type", "«SL309»{name: mode, type"),
    ),
    "an enum no more": (OLD, grown(BASE).replace("{name: mode, type: mode}", "«SL309»{name: mode, type: u8}")),
    "a product renamed": (OLD.replace("product: lamp", "product: «SL301»lamps"), BASE),
    "a misnamed release from the far future": (BASE.replace("version: 2.1.0", "version: «SL302»«SL303»9.0.0"), BASE),
    "a released version with another buffer": (
        BASE.replace("version: 2.1.0", "version: «SL302»2.1.0"),
        BASE.replace("version: 2.1.0", "version: «SL304»2.1.0").replace("capacity: 16 KiB", "capacity: 32 KiB"),
    ),
    "a type that changed under its number": (
        OLD,
        BASE.replace("layout: 4", "layout: «SL306»4").replace("type: bool", "type: u8"),
    ),
    "a calibrated field of another type": (
        OLD,
        grown(BASE).replace("{name: warmth, type: u16", "«SL308»{name: warmth, type: u32"),
    ),
}
