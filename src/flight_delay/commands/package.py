"""Command: build a package of a registered model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "package",
        help="build a package of a registered model",
        description="Build `flight-delay-model`, as wheel and source distribution, whose version is that of the "
        "registry: the bundle, reference values of explanations, time zones of airports, 100 golden flights with the "
        "probabilities that the pipeline recorded, and a model card. Data of this checkout have to be those of the "
        "version. The same version has the same bytes. Where it is installed, `predict` and `state` need no checkout.",
        epilog="examples: `flight-delay package`, `flight-delay package 3 --to /tmp/dist`; then `twine upload dist/*`, "
        "see docs/packages.md; exit codes: 0 built, 2 error, nothing is written",
    )
    parser.add_argument(
        "version", nargs="?", default="champion", metavar="VERSION|ALIAS", help="(default: %(default)s)"
    )
    parser.add_argument("--to", type=Path, default=Path("dist"), metavar="FOLDER", help="(default: %(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build the package and print its files."""
    from flight_delay.core.params import load_params
    from flight_delay.promotion.bounds import Promote
    from flight_delay.serving.package_builder import build_model_package

    model = load_params("promote", Promote).model
    for path in build_model_package(model, arguments.version, arguments.to):
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    return 0
