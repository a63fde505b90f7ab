"""Edits of a venue file: an edit names what it changes by code and name, and gives a new file."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, TypeVar, get_args

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.site.venue.rules.defects import Defect, DefectCode
from virage.site.venue.rules.file import (
    BlockFile,
    Code,
    GateFile,
    Group,
    Label,
    Line,
    Metres,
    RowFile,
    SeatFeature,
    StandFile,
    VenueFile,
)
from virage.site.venue.rules.venue import BlockKind

EDITS_MAX: Final = 2_000
SELECTIONS_MAX: Final = 5_000
FEATURES: Final[tuple[SeatFeature, ...]] = get_args(SeatFeature)
Item = TypeVar("Item", BlockFile, GateFile, StandFile)
Codes = Annotated[tuple[Code, ...], Meta(min_length=1, max_length=SELECTIONS_MAX)]


class _Edit(Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit"):
    pass


class BlockGroupEdit(_Edit, frozen=True, tag="block_group"):
    """Sets the gate group of blocks."""

    blocks: Codes
    gate_group: Group


class BlockKindEdit(_Edit, frozen=True, tag="block_kind"):
    """Sets the kind of blocks."""

    blocks: Codes
    kind: BlockKind


class SeatSelection(Struct, frozen=True, forbid_unknown_fields=True):
    """Seats of a block: all, those of a row, or the named ones of a row."""

    block: Code
    row: Label | None = None
    seats: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=SELECTIONS_MAX)] | None = None


class FeatureEdit(_Edit, frozen=True, tag="feature"):
    """Sets or removes an access feature of seats."""

    feature: SeatFeature
    present: bool
    seats: Annotated[tuple[SeatSelection, ...], Meta(min_length=1, max_length=SELECTIONS_MAX)]


class SightlineEdit(_Edit, frozen=True, tag="sightline"):
    """Sets the quality of the view from a row, 0 to 100; None for the computed one."""

    block: Code
    row: Label
    sightline: Annotated[int, Meta(ge=0, le=100)] | None


class GateEdit(_Edit, frozen=True, tag="gate"):
    """Moves a gate, with its node of the walking graph, and sets its group; None keeps a value."""

    gate: Code
    x_m: Metres | None = None
    y_m: Metres | None = None
    group: Group | None = None


class StandEdit(_Edit, frozen=True, tag="stand"):
    """Names a stand."""

    stand: Code
    name: Line


Edit = BlockGroupEdit | BlockKindEdit | FeatureEdit | SightlineEdit | GateEdit | StandEdit


def seat_names(row: RowFile) -> list[list[str]]:
    """Return the names of the seats of each segment; numbers count on along the row across its stairs."""
    names, following = [], 1
    for segment in row.segments:
        if segment.numbers is not None:
            names.append(list(segment.numbers))
            continue
        following = following if segment.first is None else segment.first
        names.append([str(name) for name in range(following, following + segment.seats)])
        following += segment.seats
    return names


def features_of(block: BlockFile, feature: SeatFeature) -> list[list[set[int]]]:
    """Return the positions of the seats that have a feature, for each segment of each row."""
    whole = feature in block.features
    return [
        [set(range(segment.seats)) if whole else set(segment.features.get(feature, ())) for segment in row.segments]
        for row in block.rows
    ]


def edited(file: VenueFile, edits: Sequence[Edit]) -> tuple[VenueFile, list[Defect]]:
    """Return the file after the edits, and a defect for each code or name that it does not have.

    The place of a defect is that in the edits, such as `edits[2].seats[0].row`. The new file is not checked.
    """
    found: list[Defect] = []
    for at, edit in enumerate(edits):
        file, defects = _applied(file, edit)
        found += [Defect(("edits", at, *defect.path), defect.code, defect.value) for defect in defects]
    return file, found


def _applied(file: VenueFile, edit: Edit) -> tuple[VenueFile, list[Defect]]:
    match edit:
        case BlockGroupEdit():
            defects = _unknown(("blocks",), edit.blocks, file.blocks)
            return replace(file, blocks=_changed(file.blocks, edit.blocks, gate_group=edit.gate_group)), defects
        case BlockKindEdit():
            defects = _unknown(("blocks",), edit.blocks, file.blocks)
            return replace(file, blocks=_changed(file.blocks, edit.blocks, kind=edit.kind)), defects
        case FeatureEdit():
            return _with_feature(file, edit)
        case SightlineEdit():
            return _with_sightline(file, edit)
        case GateEdit():
            return _with_gate(file, edit)
        case StandEdit():
            defects = _unknown(("stand",), (edit.stand,), file.stands)
            return replace(file, stands=_changed(file.stands, (edit.stand,), name=edit.name)), defects


def _unknown(path: tuple[str, ...], codes: Sequence[str], items: Iterable[Any]) -> list[Defect]:
    known = {item.code for item in items}
    several = len(path) == 1 and path[0].endswith("s")
    return [
        Defect((*path, at) if several else path, DefectCode.UNKNOWN, code)
        for at, code in enumerate(codes)
        if code not in known
    ]


def _changed(items: Iterable[Item], codes: Sequence[str], **changes: Any) -> tuple[Item, ...]:
    wanted = set(codes)
    return tuple(replace(item, **changes) if item.code in wanted else item for item in items)


def _with_feature(file: VenueFile, edit: FeatureEdit) -> tuple[VenueFile, list[Defect]]:
    blocks, found = {block.code: block for block in file.blocks}, []
    for at, selection in enumerate(edit.seats):
        block = blocks.get(selection.block)
        if block is None:
            found.append(Defect(("seats", at, "block"), DefectCode.UNKNOWN, selection.block))
            continue
        if selection.row is None and selection.seats is not None:
            found.append(Defect(("seats", at, "row"), DefectCode.INVALID, "seats are named within a row"))
            continue
        if selection.row is not None and selection.row not in {row.name for row in block.rows}:
            found.append(Defect(("seats", at, "row"), DefectCode.UNKNOWN, selection.row))
            continue
        having = features_of(block, edit.feature)
        before = [[set(positions) for positions in row] for row in having]
        wanted = None if selection.seats is None else set(selection.seats)
        known: set[str] = set()
        for row, segments in zip(block.rows, having, strict=True):
            if selection.row not in (None, row.name):
                continue
            for names, positions in zip(seat_names(row), segments, strict=True):
                known.update(names)
                chosen = {place for place, name in enumerate(names) if wanted is None or name in wanted}
                if edit.present:
                    positions.update(chosen)
                else:
                    positions.difference_update(chosen)
        missing = [name for name in selection.seats or () if name not in known]
        found += [
            Defect(("seats", at, "seats", number), DefectCode.UNKNOWN, name)
            for number, name in enumerate(selection.seats or ())
            if name in missing
        ]
        if not missing and having != before:
            blocks[block.code] = _with_positions(block, edit.feature, having)
    return replace(file, blocks=tuple(blocks.values())), found


def _with_positions(block: BlockFile, feature: SeatFeature, having: Sequence[Sequence[set[int]]]) -> BlockFile:
    """Return a block whose seats at these positions have a feature: as one word for the block if all of them do."""
    seats = sum(segment.seats for row in block.rows for segment in row.segments)
    whole = sum(len(positions) for row in having for positions in row) == seats
    rows = tuple(
        replace(
            row,
            segments=tuple(
                replace(
                    segment,
                    features={
                        name: tuple(sorted(positions)) if name == feature else segment.features[name]
                        for name in FEATURES
                        if (name == feature and positions and not whole)
                        or (name != feature and name in segment.features)
                    },
                )
                for segment, positions in zip(row.segments, segments, strict=True)
            ),
        )
        for row, segments in zip(block.rows, having, strict=True)
    )
    others = tuple(
        name for name in FEATURES if (name in block.features and name != feature) or (name == feature and whole)
    )
    return replace(block, rows=rows, features=others)


def _with_sightline(file: VenueFile, edit: SightlineEdit) -> tuple[VenueFile, list[Defect]]:
    block = next((block for block in file.blocks if block.code == edit.block), None)
    if block is None:
        return file, [Defect(("block",), DefectCode.UNKNOWN, edit.block)]
    if edit.row not in {row.name for row in block.rows}:
        return file, [Defect(("row",), DefectCode.UNKNOWN, edit.row)]
    rows = tuple(replace(row, sightline=edit.sightline) if row.name == edit.row else row for row in block.rows)
    return replace(file, blocks=_changed(file.blocks, (block.code,), rows=rows)), []


def _with_gate(file: VenueFile, edit: GateEdit) -> tuple[VenueFile, list[Defect]]:
    gate = next((gate for gate in file.gates if gate.code == edit.gate), None)
    if gate is None:
        return file, [Defect(("gate",), DefectCode.UNKNOWN, edit.gate)]
    x_m = gate.x_m if edit.x_m is None else edit.x_m
    y_m = gate.y_m if edit.y_m is None else edit.y_m
    gates = _changed(file.gates, (gate.code,), x_m=x_m, y_m=y_m, group=edit.group or gate.group)
    walkways = file.walkways
    if walkways is not None:
        nodes = tuple(
            replace(node, x_m=x_m, y_m=y_m) if node.id == f"gate:{gate.code}" else node for node in walkways.nodes
        )
        walkways = replace(walkways, nodes=nodes)
    return replace(file, gates=gates, walkways=walkways), []
