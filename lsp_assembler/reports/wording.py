"""The words that all reports for people share."""

from collections.abc import Sequence

from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source
from lsp_assembler.reports.problems import messages, problems
from lsp_assembler.text import plural, short_digest, visible

ABSENT = "\N{EN DASH}"
"""What stands in a table where there is nothing to say."""

NAMED = 3
"""Of many that are alike, this many are named to a person; a program is told of all."""

_KILO = 1000


def human_size(size: int) -> str:
    """Bytes in units of 1000: "936 B", "1.9 kB", "218.0 kB", "1.2 MB", "3.4 GB"."""
    if size < _KILO:
        return f"{size} B"
    for power, unit in enumerate(("kB", "MB"), 1):
        value = round(size / _KILO**power, 1)
        if value < _KILO:
            return f"{value} {unit}"
    return f"{size / _KILO**3:.1f} GB"


def human_seconds(seconds: float) -> str:
    """Time as a person would say it: "0.31 s", "4.9 s", "2 min 5 s"."""
    if round(seconds, 2) < 1:
        return f"{seconds:.2f} s"
    if seconds < 59.95:  # noqa: PLR2004 - from here on it would be rounded to 60.0 s
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def source_place(source: Source, images_file: str | None) -> str | None:
    """Where the user asked for it, e.g. "images.yml, line 9"; None for the command line."""
    if source.line is None or images_file is None:
        return None
    return f"{images_file}, line {source.line}"


def start_points(sources: Sequence[Source]) -> str:
    """How many there are: "84 images", or "84 start points" where some are directories."""
    return plural(len(sources), "start point" if any(each.is_directory for each in sources) else "image")


def and_more(names: Sequence[str]) -> list[str]:
    """The first few names, and "and 81 more" in place of the others."""
    left = len(names) - NAMED
    return [*names[:NAMED], f"and {left:,} more"] if left > 1 else list(names)


def in_a_row(names: Sequence[str]) -> str:
    """What `and_more` gives, in a sentence: "a, b, c and 81 more"."""
    *others, last = names
    joint = " " if last.startswith("and ") else ", "
    return f"{', '.join(others)}{joint}{last}" if others else last


def more_alike(left: int) -> str:
    """What stands in place of further warnings of a rule."""
    return f"and {left:,} more like these: --format json lists them all"


def closing_line(result: Result, errors_are: str = "above") -> str:
    """What the run came to and what to do next, in one line, fit to be shown anywhere.

    Args:
        errors_are: where the reader sees them, "above" or "below" this line.
    """
    if result.assembly.failures or result.assembly.errors:
        return _to_fix(result, errors_are)
    if result.image is not None and result.error is not None:
        return f"{_fine(result)}. {_next_step(result, errors_are)}"
    if result.exit_status or result.error is not None:
        done = "it cannot be built" if result.command in ("check", "watch") else "nothing was published"
        return f"{_counted(result)}, but {done}. {_next_step(result, errors_are)}"
    return _fine(result)


def _fine(result: Result) -> str:
    total = result.assembly.seconds.get("total")
    time = "" if total is None else f" in {human_seconds(total)}"
    warned = sum(finding.severity == "warning" for finding in result.assembly.findings)
    warnings = f", with {plural(warned, 'warning')}" if warned else ""
    if result.image is not None:
        names = visible(" and ".join(result.image.names))
        attested = " and attested" if result.image.attestations else ""
        done = f"built{attested} {names} ({visible(short_digest(result.image.digest))}){time}"
    elif result.assembly.outcomes and result.command == "pack":
        done = f"packed{time}"
    elif result.assembly.outcomes and warned:
        done, warnings = f"no errors, {plural(warned, 'warning')}, checked{time}", ""
    elif result.assembly.outcomes:
        done = f"all rules pass, checked{time}"
    else:
        done = "there was nothing to check"
    return f"{_counted(result)}: {done}{warnings}"


def _to_fix(result: Result, errors_are: str) -> str:
    total = len(result.assembly.outcomes)
    unfetched = len(result.assembly.failures)
    broken = len({finding.index for finding in result.assembly.errors})
    clauses = []
    if unfetched:
        of_disk = all(each.source.is_directory for each in result.assembly.outcomes if each.failure)
        clauses.append(f"{_some(unfetched, total)} could not be {'read' if of_disk else 'fetched'}")
    if broken:
        subject = str(broken) if unfetched else _some(broken, total)
        clauses.append(f"{subject} {'breaks a rule' if broken == 1 else 'break rules'}")
    done = {"build": ": nothing was built", "pack": ": nothing was packed"}.get(result.command, "")
    return f"{' and '.join(clauses)}{done}. {_next_step(result, errors_are)}"


def _some(count: int, total: int) -> str:
    return "The start point" if total == 1 else f"{count} of {total} start points"


def _next_step(result: Result, errors_are: str) -> str:
    told = (problem for problem in problems(result.assembly) if problem.severity == "error")
    reported = sum(len(problem.cases) for problem in told) + len(messages(result.error or ""))
    mistakes = "the error" if reported == 1 else f"the {reported} errors" if reported else "the cause"
    again = "run it again" if result.command != "watch" else "save: it is checked again on each save"
    return f"Fix {mistakes} {errors_are} and {again}."


def _counted(result: Result) -> str:
    outcomes = result.assembly.outcomes
    if not outcomes:
        return "No start points"
    named = [
        manifest.display_name
        for outcome in outcomes
        if outcome.start_point
        for manifest in outcome.start_point.manifests
        if manifest.display_name is not None
    ]
    unique = ", all unique" if 1 < len(named) == len(set(named)) else ""
    return f"{plural(len(outcomes), 'start point')}, {plural(len(named), 'display name')}{unique}"
