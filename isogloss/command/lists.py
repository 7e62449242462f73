"""The commands that tell what there is: plug-ins, templates, suites, languages; and check templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from isogloss.command.errors import guarded
from isogloss.command.options import example
from isogloss.errors import IsoglossError

app = typer.Typer()


@app.command(**example("isogloss check templates"))
@guarded
def check(
    what: Annotated[str, typer.Argument(help="templates.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Your own files, checked with the shipped ones.", show_default=False),
    ] = None,
) -> None:
    """Check instruction templates: placeholders, script, language, duplicates, counts, form."""
    import builders
    from builders.templates.loading import load_templates
    from isogloss.console import printable, say
    from isogloss.settings import unknown

    if what != "templates":
        raise unknown("kind", what, ["templates"], where="isogloss check")
    found = builders.check_templates(files or ())
    for one in found:
        (say if one.notice else print)(printable(str(one)))
    wrong = sum(not one.notice for one in found)
    if wrong:
        raise IsoglossError(f"{wrong} {'problem' if wrong == 1 else 'problems'} in templates")
    table = load_templates(files or ()).table
    print(f"{table.height} templates in {table['language'].n_unique()} languages: nothing found")


_LISTS = {
    "sources": "builders.sources",
    "filters": "builders.filters",
    "metrics": "benchmarks.metrics",
    "models": "runners.models",
}


@app.command("list", **example("isogloss list sources"))
@guarded
def list_(
    what: Annotated[
        str,
        typer.Argument(
            help="recipes, sources, templates, filters, tasks, metrics, suites, models or languages."
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(help="Of sources, filters, metrics or models: tell all about this one."),
    ] = None,
) -> None:
    """List what there is of a kind, a line about each; or all about one, with its options."""
    from isogloss.command.plugins import show_all, show_one
    from isogloss.console import say, table
    from isogloss.settings import unknown

    if name is not None:
        show_one(_LISTS, what, name)
        return
    if what in _LISTS:
        show_all(_LISTS[what])
        say(f"all about one, with its options and an example: isogloss list {what} NAME")
        return
    if what == "tasks":
        import benchmarks

        rows = [(name, _about(task)) for name, task in benchmarks.list_tasks().items()]
    elif what == "recipes":
        import builders

        rows = list(builders.list_recipes().items())
    elif what == "suites":
        import benchmarks

        rows = list(benchmarks.list_suites().items())
        rows.append(("corpus:FOLDER", "the test split of a corpus"))
    elif what == "templates":
        import builders

        rows = [(name, ", ".join(tags)) for name, tags in builders.list_templates().items()]
    elif what == "languages":
        import builders
        from isogloss.languages import describe

        tags = sorted({tag for tags in builders.list_templates().values() for tag in tags})
        rows = [
            (tag, f"{describe(tag).name}, {describe(tag).autonym}; {describe(tag).script}")
            for tag in tags
        ]
    else:
        known = [*_LISTS, "recipes", "tasks", "suites", "templates", "languages"]
        raise unknown("kind", what, known, where="isogloss list")
    table(("name", "description"), rows, results=True)


def _about(task: Any) -> str:
    from benchmarks import list_metrics

    metrics = [name for name, metric in list_metrics().items() if task.name in metric.tasks]
    return (
        f"{task.description}\nprompt: {task.prompt}\nanswer: {task.answer}\nright: {task.right}\n"
        f"ranked by: {task.main}\nmetrics: {', '.join(metrics)}"
    )
