"""Write the typeface of the screens as TrueType for paper: Typst reads neither WOFF2 nor variable fonts."""

from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).parent
FROM = HERE / "node_modules/@fontsource-variable/archivo/files"
TO = HERE.parent / "src/virage/web/fonts"
FAMILIES = {"latin": "Archivo", "latin-ext": "Archivo Ext"}
STYLES = {400: "Regular", 700: "Bold"}
FAMILY_NAME, STYLE_NAME, FULL_NAME, POSTSCRIPT_NAME = 1, 2, 4, 6  # OpenType, table `name`

TO.mkdir(parents=True, exist_ok=True)
for subset, family in FAMILIES.items():
    for weight, style in STYLES.items():
        font = instantiateVariableFont(
            TTFont(FROM / f"archivo-{subset}-standard-normal.woff2"), {"wght": weight, "wdth": 100}
        )
        font.flavor = None
        names = font["name"]
        names.names = []
        for what, name in (
            (FAMILY_NAME, family),
            (STYLE_NAME, style),
            (FULL_NAME, f"{family} {style}"),
            (POSTSCRIPT_NAME, f"{family.replace(' ', '')}-{style}"),
        ):
            names.setName(name, what, 3, 1, 0x409)  # Windows, Unicode, English
        font.save(TO / f"{names.getDebugName(POSTSCRIPT_NAME)}.ttf")
