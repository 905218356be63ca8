"""The command line of the benchmark."""

import argparse
import datetime as dt
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from tests.corpus import CorpusStartPoint, corpus_folder, load_corpus
from tests.services import base_image_missing, engine_missing, realistic_missing
from tools.bench import machine, report
from tools.bench.assembler_suites import SCALE, START_UP, WARM
from tools.bench.contender import Suite
from tools.bench.corpora import start_points
from tools.bench.engine_suite import ENGINE_COLD
from tools.bench.figures import Figures
from tools.bench.race import race
from tools.bench.realistic_suites import REALISTIC, REALISTIC_NEAR
from tools.bench.registry_suites import LOOPBACK, SLOW_LINK
from tools.bench.report_suite import REPORT
from tools.bench.service_suites import SERVICE_LOAD, SERVICE_START
from tools.bench.stage import set_stage

SUITES = (
    *(ENGINE_COLD, LOOPBACK, SLOW_LINK, REALISTIC, REALISTIC_NEAR, WARM, SCALE, START_UP),
    *(REPORT, SERVICE_START, SERVICE_LOAD),
)
PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"
_INTERRUPTED = 130

console = Console(highlight=False)
progress = Console(highlight=False, soft_wrap=True, stderr=True)


def main(arguments: Sequence[str]) -> int:
    """Measure and show; returns 0, 1 if a contender failed, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = _options(arguments)
    try:
        corpus = _corpus()
        good = [_bench(suite, corpus, options) for suite in _chosen(options)]
    except KeyboardInterrupt:
        progress.print("interrupted; everything is stopped", markup=False)
        return _INTERRUPTED
    return 0 if all(good) else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    suites = [suite.name for suite in SUITES]
    names = list(dict.fromkeys(contender.name for suite in SUITES for contender in suite.contenders))
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--suite", nargs="+", choices=suites, metavar="NAME", help=f"of {', '.join(suites)}")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="of each contender (default: 5)")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md, too")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error(f"--runs: {options.runs} is too few; expected 1 or more")
    if options.write and options.only:
        parser.error("--write: --only leaves contenders out; expected all of them. Leave one option out")
    if not _chosen(options):
        parser.error("--only: no contender of this name is in the suites of --suite; expected one")
    options.how = f"make bench BENCH_ARGS={shlex.quote(shlex.join(arguments))}" if arguments else "make bench"
    return options


def _chosen(options: argparse.Namespace) -> list[Suite]:
    """The suites that were asked for, each with the contenders that were."""
    asked = [suite for suite in SUITES if not options.suite or suite.name in options.suite]
    if not options.only:
        return asked
    found = [
        replace(suite, contenders=tuple(each for each in suite.contenders if each.name in options.only))
        for suite in asked
    ]
    return [suite for suite in found if suite.contenders]


def _corpus() -> tuple[CorpusStartPoint, ...]:
    """The corpus, or the end if it or something else is not there."""
    lacking = list(filter(None, (realistic_missing(), base_image_missing())))
    folder = corpus_folder()
    if folder is None:
        lacking.append("the corpus is absent; LSP_CORPUS can name its folder")
    if lacking or folder is None:
        sys.exit(f"The benchmark cannot run here: {'; '.join(lacking)}.")
    return tuple(load_corpus(folder))


def _bench(suite: Suite, corpus: Sequence[CorpusStartPoint], options: argparse.Namespace) -> bool:
    """Measure one suite and show it; returns whether no contender failed."""
    published = start_points(corpus, suite.setting.images)
    engine = any(contender.engine for contender in suite.contenders) and not engine_missing()
    runs = suite.runs or options.runs
    _say(f"{suite.name}: publishing {len(published)} start points …")
    programs = {"lsp-assembler": Path(sys.executable).with_name("lsp-assembler")}
    with set_stage(published, programs, suite.setting, with_engine=engine) as stage:
        where = f"{machine.load()} before it; {machine.describe(stage.engine)}"
        figures = Figures(race(suite.contenders, stage, runs, _say), len(published))
    cells, verdicts = report.table(suite, figures), report.verdicts(suite, figures)
    _show(suite.title, cells, [*verdicts, where])
    if options.write:
        date = dt.datetime.now(tz=dt.UTC).date()
        facts = f"{date:%d %B %Y}, {runs} runs each, by `{options.how}`  \n{where}"
        goals = "\n".join(f"- {verdict}" for verdict in verdicts)
        part = f"\n{facts}\n\n{report.markdown(cells)}\n\nGoals:\n\n{goals}\n"
        PAGE.write_text(report.rewritten(PAGE.read_text("utf-8"), suite.name, part), "utf-8")
    return not any(outcome.trouble == "failed" for outcome in figures.outcomes)


def _show(title: str, cells: report.Table, notes: Sequence[str]) -> None:
    """The numbers; what each contender does takes more room than a terminal has."""
    shown = RichTable(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for index, head in enumerate(_narrow(cells.head)):
        shown.add_column(head, justify="right" if index else "left", no_wrap=not index)
    for row in cells.rows:
        shown.add_row(*_narrow(row))
    console.print(shown)
    for note in notes:
        console.print(note, markup=False, soft_wrap=True)


def _narrow(row: tuple[str, ...]) -> tuple[str, ...]:
    return (row[0], *row[2:])


def _say(text: str) -> None:
    progress.print(text, markup=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
