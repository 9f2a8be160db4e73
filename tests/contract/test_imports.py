"""What packages and stages may import, read from the import graph of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import grimp
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = "flight_delay"
STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(PACKAGE, include_external_packages=True)


def source(module: str) -> Path | None:
    """File of a module, relative to the repository; None for packages, whose __init__.py are empty."""
    path = Path("src", *module.split(".")).with_suffix(".py")
    return path if (REPOSITORY / path).exists() else None


def closure(graph: grimp.ImportGraph, module: str) -> set[Path]:
    """Files of this project that importing a module reads, its own included."""
    modules = {module, *graph.find_upstream_modules(module)}
    return {path for name in modules if name.startswith(PACKAGE) and (path := source(name))}


def problems(imported: set[Path], declared: set[Path]) -> list[str]:
    """What is missing from the declared code dependencies, and which are superfluous."""
    missing = [path for path in imported if not any(path == dep or dep in path.parents for dep in declared)]
    superfluous = [dep for dep in declared if not any(path == dep or dep in path.parents for path in imported)]
    return [f"missing {path}" for path in sorted(missing)] + [f"superfluous {dep}" for dep in sorted(superfluous)]


def declared_code(stage: str) -> set[Path]:
    return {Path(dep) for dep in STAGES[stage]["deps"] if dep.startswith("src/")}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_exactly_the_code_that_it_imports(graph: grimp.ImportGraph, stage: str) -> None:
    assert problems(closure(graph, f"{PACKAGE}.stages.{stage}"), declared_code(stage)) == []


def test_a_missing_and_a_superfluous_dependency_are_named(graph: grimp.ImportGraph) -> None:
    imported = closure(graph, f"{PACKAGE}.stages.train_model")
    declared = declared_code("train_model")
    assert problems(imported, {*declared, Path("src/flight_delay/tracking")}) == [
        "superfluous src/flight_delay/tracking"
    ]
    assert "missing src/flight_delay/model/booster.py" in problems(
        imported, declared - {Path("src/flight_delay/model")}
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_one_name(stage: str) -> None:
    command = rf"env PYTHONPATH=src ([A-Z_]+=\w+ )?python -m {PACKAGE}\.stages\.{stage}"
    assert re.fullmatch(command, STAGES[stage]["cmd"])
    path = f"src/{PACKAGE}/stages/{stage}.py"
    assert path in STAGES[stage]["deps"]
    assert f'run_stage("{stage}", main)' in (REPOSITORY / path).read_text()
    assert "requirements.txt" in STAGES[stage]["deps"]


def test_every_stage_module_is_in_the_pipeline() -> None:
    modules = {path.stem for path in (REPOSITORY / "src" / PACKAGE / "stages").glob("*.py")} - {"__init__"}
    assert modules == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_exactly_the_sections_that_it_declares(stage: str) -> None:
    text = (REPOSITORY / f"src/{PACKAGE}/stages/{stage}.py").read_text()
    read = re.findall(r'params\.load_params\("(\w+)"', text) + ["splits"] * text.count("months.load_splits(")
    assert sorted(read) == sorted(STAGES[stage].get("params", []))


OF_COMMANDS = ("cost", "download", "promote", "serve", "tune")  # commands that have a section


def test_every_section_is_read_by_a_stage_or_by_the_command_of_its_name() -> None:
    sections = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    of_stages = {section for stage in STAGES.values() for section in stage.get("params", [])}
    assert set(sections) == of_stages | set(OF_COMMANDS)
    assert of_stages & set(OF_COMMANDS) == set()
    texts = [path.read_text() for path in (REPOSITORY / "src" / PACKAGE).rglob("*.py")]
    for command in OF_COMMANDS:
        assert (REPOSITORY / f"src/{PACKAGE}/commands/{command}.py").exists()
        assert any(f'load_params("{command}"' in text for text in texts), command


def test_only_tracking_imports_mlflow(graph: grimp.ImportGraph) -> None:
    importers = graph.find_modules_that_directly_import("mlflow")
    assert importers
    assert all(name.startswith(f"{PACKAGE}.tracking.") for name in importers)


def test_only_tuning_imports_optuna_and_no_stage_reaches_it(graph: grimp.ImportGraph) -> None:
    importers = graph.find_modules_that_directly_import("optuna")
    assert importers
    assert all(name.startswith(f"{PACKAGE}.tuning.") for name in importers)
    for stage in STAGES:
        assert "optuna" not in graph.find_upstream_modules(f"{PACKAGE}.stages.{stage}")


def test_tuning_imports_tracking_and_not_the_reverse(graph: grimp.ImportGraph) -> None:
    tuning = graph.find_descendants(f"{PACKAGE}.tuning")
    for module in graph.find_descendants(f"{PACKAGE}.tracking"):
        assert graph.find_modules_directly_imported_by(module) & tuning == set(), module


def test_the_library_imports_no_stage(graph: grimp.ImportGraph) -> None:
    stages = graph.find_descendants(f"{PACKAGE}.stages")
    assert {importer for stage in stages for importer in graph.find_modules_that_directly_import(stage)} == set()


# Packages of a layer know those of the layers before it, and none of its own.
LAYERS = (
    {"core"}, {"data"}, {"features"}, {"model"}, {"evaluation", "drift"}, {"checks", "explain"}, {"report"},
    {"download", "hosting", "vcs"}, {"tracking"}, {"tuning", "review", "serving"}, {"promotion", "monitoring"},
    {"simulation"}, {"stages", "commands"}, {"cli"},
)  # fmt: skip


def test_packages_import_only_those_of_lower_layers(graph: grimp.ImportGraph) -> None:
    layer = {package: number for number, packages in enumerate(LAYERS) for package in packages}
    upward = [
        f"{importer} imports {imported}"
        for importer in sorted(graph.modules)
        if importer.startswith(f"{PACKAGE}.")
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
        if imported.startswith(f"{PACKAGE}.")
        and importer.split(".")[1] != imported.split(".")[1]
        and layer[importer.split(".")[1]] <= layer[imported.split(".")[1]]
    ]
    assert upward == []


def test_no_private_name_is_imported() -> None:
    private = [
        f"{path}: {name.name}"
        for path in sorted((REPOSITORY / "src" / PACKAGE).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
        for name in node.names
        if name.name.startswith("_")
    ]
    assert private == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_at_most_sixty_lines(stage: str) -> None:
    assert len((REPOSITORY / f"src/{PACKAGE}/stages/{stage}.py").read_text().splitlines()) <= 60


TRAINING = {"check_data", "train_baselines", "train_model", "backtest", "learning_curves"}
ASKING = {"drift_thresholds", "evaluate", "interpret", "publish"}


@pytest.mark.parametrize(
    ("package", "stages"),
    {
        "mlflow": {"publish"},
        "pandera": {"make_dataset"},
        "shap": {"interpret"},
        "matplotlib": {"check_data", "learning_curves", "evaluate", "interpret"},
        "sklearn": {"train_baselines", "backtest", "check_data", "choose_threshold", "learning_curves", "evaluate"},
        "xgboost": {*TRAINING, *ASKING},
    }.items(),
)
def test_heavy_packages_are_imported_only_where_they_are_needed(
    graph: grimp.ImportGraph, package: str, stages: set[str]
) -> None:
    reaching = {stage for stage in STAGES if package in graph.find_upstream_modules(f"{PACKAGE}.stages.{stage}")}
    assert reaching == stages


def test_packages_are_marked_by_empty_files() -> None:
    files = list((REPOSITORY / "src" / PACKAGE).rglob("__init__.py"))
    assert files
    assert [path for path in files if path.read_text()] == []


def test_nothing_pickles(graph: grimp.ImportGraph) -> None:
    for package in ("pickle", "joblib", "cloudpickle", "dill"):
        if package in graph.modules:
            assert graph.find_modules_that_directly_import(package) == set()
