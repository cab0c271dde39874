"""Surveys that were dropped on the page: kept in memory for the page to put into the plan; a file beside the plan once that is saved."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Collection, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final

from seamline.site.frame import SiteError
from seamline.site.plan.model import Plan, SurveyFile

KEPT_MAX: Final = 16
"""Dropped surveys that are kept, the latest ones."""
TOGETHER_MAX: Final = 8
"""As many may be in the plan at once before it is saved."""
NAMES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSurvey:
    """A survey that is to be part of the plan: one file more, or `instead` of one that the plan names.

    `name` is what the file will be called, relative to the plan, `file` where it lies until then. Of the same kind as the one that it
    stands for it takes that one's name, so that rules which name the file go on meaning it; the old file gets another name.
    """

    name: str
    file: Path
    instead: str | None = None


class Dropped:
    """The surveys that were dropped last, by a digest of their name and bytes. Their files lie in a folder of their own until `close`."""

    def __init__(self) -> None:
        self._made: Path | None = None
        self._names: OrderedDict[str, str] = OrderedDict()

    @property
    def _folder(self) -> Path:
        if self._made is None:
            self._made = Path(tempfile.mkdtemp(prefix="seamline-planner-"))
        return self._made

    def close(self) -> None:
        """Forget them all."""
        self._names.clear()
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
            self._made = None

    def keep(self, name: str, data: bytes) -> str:
        """Keep a survey; returns how it is asked for."""
        ident = hashlib.sha256(name.encode() + b"\0" + data).hexdigest()
        if ident not in self._names:
            (self._folder / ident).mkdir(exist_ok=True)
            (self._folder / ident / name).write_bytes(data)
        self._names[ident] = name
        self._names.move_to_end(ident)
        while len(self._names) > KEPT_MAX:
            old, file = self._names.popitem(last=False)
            (self._folder / old / file).unlink(missing_ok=True)
            (self._folder / old).rmdir()
        return ident

    def surveys(self, asked: Sequence[tuple[str, str | None]], beside: Path) -> tuple[NewSurvey, ...]:
        """Kept surveys as parts of the plan in that folder, each by its ident and what it stands for, in the order they were put in.

        One that stands for another of them comes in its stead. SiteError when one is kept no more.
        """
        found: dict[str, NewSurvey] = {}
        for ident, instead in asked:
            before = None if instead is None else found.pop(instead, None)
            new = self.survey(ident, instead if before is None else before.instead, beside, found)
            found[new.name] = new
        return tuple(found.values())

    def survey(self, ident: str, instead: str | None, beside: Path, taken: Collection[str] = ()) -> NewSurvey:
        """A kept survey as part of the plan in that folder, under none of the `taken` names. SiteError when it is kept no more."""
        name = self._names.get(ident)
        if name is None:
            raise SiteError("the dropped survey is kept no more; drop it on the page again")
        file = self._folder / ident / name
        same = instead is not None and PurePath(instead).suffix.lower() == file.suffix.lower()
        return NewSurvey(name=instead if same and instead is not None else free(name, beside, taken), file=file, instead=instead)


def free(name: str, folder: Path, taken: Collection[str] = ()) -> str:
    """The name, or one like it, that no file of the folder has and that is not taken: nothing is overwritten."""
    if name not in taken and not (folder / name).exists():
        return name
    path = PurePath(name)
    for number in range(2, NAMES_MAX):
        other = path.with_name(f"{path.stem}-{number}{path.suffix}").as_posix()
        if other not in taken and not (folder / other).exists():
            return other
    raise SiteError(f"there are too many files named like {name!r} beside the plan; give it another name")


def staged(plan: Plan, survey: NewSurvey) -> Plan:
    """The plan with the survey in it. SiteError when the file that it is to stand for is none of the plan's."""
    files = list(plan.survey.files)
    inputs = list(plan.inputs)
    lying = {**plan.staged, survey.name: survey.file}
    if survey.instead is None:
        files.append(SurveyFile(survey.name))
        inputs.insert(len(plan.survey.files), survey.name)
    else:
        at = index_of(plan, survey.instead)
        files[at] = SurveyFile(survey.name, files[at].crs)
        inputs = [survey.name if name == survey.instead else name for name in inputs]
    return replace(plan, survey=replace(plan.survey, files=tuple(files)), inputs=tuple(inputs), staged=lying)


@contextmanager
def laid(surveys: Sequence[NewSurvey], folder: Path) -> Generator[None]:
    """Lay their files beside the plan; what goes wrong within takes all of them back. No file is lost: one that is replaced is renamed."""
    with ExitStack() as lying:
        for survey in surveys:
            lying.enter_context(_laid(survey, folder))
        yield


@contextmanager
def _laid(survey: NewSurvey, folder: Path) -> Generator[None]:
    target = folder / survey.name
    old = None
    if survey.name == survey.instead:
        old = folder / free(survey.name, folder)
        target.rename(old)
    with target.open("xb") as file:
        file.write(survey.file.read_bytes())
    try:
        yield
    except BaseException:
        target.unlink()
        if old is not None:
            old.rename(target)
        raise


def index_of(plan: Plan, name: str) -> int:
    """Which of the plan's survey files has that name. SiteError for none."""
    for at, file in enumerate(plan.survey.files):
        if file.path == name:
            return at
    raise SiteError(f"{name!r} is no file of the plan's survey; load the page again")
