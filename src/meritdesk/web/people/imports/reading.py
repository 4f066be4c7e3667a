"""Rows of a sheet → drafts: cells read by field, names matched with what is there, every doubt a problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from meritdesk.events.numbers import half_width
from meritdesk.events.readers import Cell, RawRow, text_of
from meritdesk.language import _
from meritdesk.web.people.imports.cells import NONE, CellFault, read_day, read_key, read_last_day, read_text
from meritdesk.web.people.imports.columns import BY_KEY
from meritdesk.web.people.imports.plan import PlannedRow, Problem
from meritdesk.web.people.imports.present import Present
from meritdesk.web.people.imports.sheet import Sheet
from meritdesk.web.people.imports.timeline import Draft

T = TypeVar("T")
EXAMPLE = "示例"
"""Rows whose staff key begins so are the examples of the template."""


def read_rows(sheet: Sheet, mapping: Mapping[str, int], present: Present) -> list[PlannedRow]:
    """Return every row of the sheet, with what it says and what is wrong with its cells."""
    reader = _Reader(sheet, mapping, present)
    rows = [reader.read(raw) for raw in sheet.rows]
    reader.match_superiors(rows)
    return rows


class _Names:
    """Names that are there; one that differs from them in nothing but blanks, width or capitals is a fault."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known = {self.alike(name): name for name in known}

    @staticmethod
    def alike(name: str) -> str:
        return re.sub(r"\s", "", half_width(name)).casefold()

    def check(self, name: str) -> str:
        there = self.known.setdefault(self.alike(name), name)
        if there != name:
            reason = _("与“{name}”只差空格、全半角或大小写").format(name=there)
            raise CellFault(reason, _("同一个名称请写成一样：{name}").format(name=there))
        return name


class _Keys(_Names):
    """Staff keys: leading zeros, which spreadsheets drop, make no other key either."""

    @staticmethod
    def alike(name: str) -> str:
        return name.casefold().lstrip("0")

    def check(self, name: str) -> str:
        there = self.known.setdefault(self.alike(name), name)
        if there != name:
            raise CellFault(
                _("与工号“{key}”只差前导零或大小写").format(key=there), _("核对工号；有前导零的列请设为文本格式")
            )
        return name


class _Reader:
    def __init__(self, sheet: Sheet, mapping: Mapping[str, int], present: Present) -> None:
        self.sheet, self.mapping, self.present = sheet, mapping, present
        self.keys = _Keys(list(present.people))
        self.departments = _Names(list(present.departments))
        self.teams: dict[str, _Names] = {}
        for department, team in present.teams:
            self.teams.setdefault(department, _Names([])).check(team)
        self.titles = _Names([title for _pk, title, _english in present.positions.values()])
        self.codes = {code.casefold(): code for code in present.positions}
        self.codes |= {e.casefold(): code for code, (_pk, _title, e) in present.positions.items() if e}
        self.codes |= {t.casefold(): code for code, (_pk, t, _english) in present.positions.items()}
        self.names: dict[str, tuple[str, int]] = {}
        """Key → name and row in which the file first said it."""

    def read(self, raw: RawRow) -> PlannedRow:
        row = PlannedRow(raw.number, [text_of(cell) for cell in raw.cells])
        if not any(row.cells):
            row.notes = [_("空行")]
            return row
        row.draft = draft = Draft(raw.number, "")
        if raw.fault:
            row.problems.append(Problem(_("整行"), "", raw.fault, _("改正这一行后重新上传")))
            return row
        if self._text(raw, "key").startswith(EXAMPLE):
            row.draft, row.notes = None, [_("模板的示例行")]
            return row
        draft.key = self._take(row, raw, "key", self._key) or ""
        draft.name = self._take(row, raw, "name", lambda cell: read_text(cell, 80)) or ""
        draft.email = self._take(row, raw, "email", self._email) or None
        self._read_post(row, raw, draft)
        draft.hired_on = self._take(row, raw, "hired_on", read_day)
        draft.valid_from = self._take(row, raw, "valid_from", read_day)
        draft.last_day = self._take(row, raw, "last_day", read_last_day)
        draft.asks_last_day = "last_day" in self.mapping
        if draft.key:
            self._check_name(row, draft)
        return row

    def match_superiors(self, rows: Sequence[PlannedRow]) -> None:
        """Turn superiors into staff keys: they may be written as keys or as names that only one person has."""
        named: dict[str, set[str]] = {}
        for key, person in self.present.people.items():
            named.setdefault(person.name, set()).add(key)
        for key, (name, _number) in self.names.items():
            named.setdefault(name, set()).add(key)
        for row in rows:
            text = row.draft.values.get("superior", "") if row.draft else ""
            if row.draft is None or not text:
                continue
            try:
                row.draft.values["superior"] = self._superior(text, named)
            except CellFault as fault:
                self._problem(row, "superior", text, fault)

    # ---- one cell ----------------------------------------------------------------------------------------------------

    def _cell(self, raw: RawRow, field: str) -> Cell:
        column = self.mapping.get(field, -1)
        return raw.cells[column] if 0 <= column < len(raw.cells) else None

    def _text(self, raw: RawRow, field: str) -> str:
        return text_of(self._cell(raw, field)).strip()

    def _take(self, row: PlannedRow, raw: RawRow, field: str, read: Callable[[Cell], T]) -> T | None:
        if field not in self.mapping:
            return None
        cell = self._cell(raw, field)
        try:
            return read(cell)
        except CellFault as fault:
            self._problem(row, field, text_of(cell), fault)
            return None

    def _problem(self, row: PlannedRow, field: str, value: str, fault: CellFault) -> None:
        column = self.mapping.get(field, -1)
        heading = self.sheet.heading[column] if 0 <= column < len(self.sheet.heading) else str(BY_KEY[field].title)
        row.problems.append(Problem(heading, value, fault.reason, fault.fix))

    def _key(self, cell: Cell) -> str:
        key = read_key(cell)
        if not key:
            raise CellFault(_("没有工号"), _("填写工号；合计行、说明行请删去"))
        return self.keys.check(key)

    @staticmethod
    def _email(cell: Cell) -> str:
        email = read_text(cell, 254)
        if email:
            try:
                validate_email(email)
            except ValidationError as error:
                raise CellFault(_("不是邮箱地址"), _("改正，或清空")) from error
        return email

    def _read_post(self, row: PlannedRow, raw: RawRow, draft: Draft) -> None:
        values = draft.values
        for field in ("department", "position", "superior", "job_grade", "skill_grade"):
            text = self._take(row, raw, field, self._checked(field))
            if text and text.casefold() in NONE and field not in ("department", "position"):
                values[field] = ""
            elif text:
                values[field] = text
        if team := self._take(row, raw, "team", lambda cell: self._team(cell, draft)):
            values["team"] = team

    def _checked(self, field: str) -> Callable[[Cell], str]:
        def read(cell: Cell) -> str:
            text = read_text(cell, BY_KEY[field].longest)
            if field == "department" and text:
                return self.departments.check(text)
            if field == "position" and text:
                return self.codes.get(text.casefold()) or self.titles.check(text)
            return text

        return read

    def _team(self, cell: Cell, draft: Draft) -> str:
        team = read_text(cell, 80)
        if not team:
            return ""
        department = draft.values.get("department")
        if not department:
            homes = [home for home, name in self.present.teams if name == team]
            known = self.present.people.get(draft.key)
            present_home = known.stays[-1].department if known and known.stays else ""
            if present_home in homes:
                homes = [present_home]
            if len(homes) != 1:
                reason = _("没有写部门，班组“{team}”不能确定属于哪个部门").format(team=team)
                raise CellFault(reason, _("填写部门"))
            department = draft.values["department"] = homes[0]
        return self.teams.setdefault(department, _Names([])).check(team)

    # ---- names -------------------------------------------------------------------------------------------------------

    def _check_name(self, row: PlannedRow, draft: Draft) -> None:
        known = self.present.people.get(draft.key)
        if not draft.name:
            if known is None and not any(problem.column for problem in row.problems if problem.value):
                self._problem(row, "name", "", CellFault(_("新员工没有姓名"), _("填写姓名")))
            return
        if known is not None and known.name != draft.name:
            fault = CellFault(
                _("工号 {key} 在系统中是“{name}”").format(key=draft.key, name=known.name),
                _("核对工号；确为改名时，先在人员页改名"),
            )
            self._problem(row, "name", draft.name, fault)
        there, number = self.names.setdefault(draft.key, (draft.name, draft.number))
        if there != draft.name:
            fault = CellFault(
                _("工号 {key} 在第 {n} 行是“{name}”").format(key=draft.key, n=number, name=there), _("核对工号和姓名")
            )
            self._problem(row, "name", draft.name, fault)

    def _superior(self, text: str, named: Mapping[str, set[str]]) -> str:
        known = self.present.people.keys() | self.names.keys()
        if text in known:
            return text
        both = re.fullmatch(r"(.+?)\s*[(（]\s*(\S+?)\s*[)）]", text)
        if both and both[2] in named.get(both[1], ()):
            return both[2]
        keys = sorted(named.get(text, ()))
        if len(keys) == 1:
            return keys[0]
        if keys:
            reason = _("有 {n} 个“{name}”：工号 {keys}").format(n=len(keys), name=text, keys="、".join(keys))
            raise CellFault(reason, _("改填直接上级的工号"))
        alike = self.keys.known.get(self.keys.alike(text))
        if alike:
            raise CellFault(_("与工号“{key}”只差前导零或大小写").format(key=alike), _("写成 {key}").format(key=alike))
        raise CellFault(_("系统和文件中都没有这个人"), _("填写其工号，或在文件中加入这个人；没有上级时写“无”"))


def plan_day(value: str) -> date | None:
    """Return the day typed as the one from which changes count; None for an empty text."""
    return read_day(value)
