"""Paths of the inputs and outputs of stages, relative to the repository."""

from pathlib import Path

EXTERNAL = Path("data/external")
RAW = Path("data/raw")
RAW_MANIFEST = RAW / "manifest.json"
INTERIM = Path("data/interim")
CANONICAL = INTERIM / "flights"
QUARANTINE = INTERIM / "quarantine"
WEATHER = INTERIM / "weather.parquet"
PROCESSED = Path("data/processed")
SELECTION = Path("data/selected_features.json")

MODELS = Path("models")
BUNDLE = MODELS / "bundle"
HISTORY = MODELS / "history"

REPORTS = Path("reports")
METRICS = REPORTS / "metrics.json"
QUALITY = REPORTS / "quality.json"
PAGE = REPORTS / "index.html"
RECEIPT = Path("logs/publish/receipt.json")

DICTIONARY = Path("references/data_dictionary.yaml")
# A wheel has copies of params.yaml, requirements.txt and references/ here.
_COPIES = Path(__file__).parents[1]


def report(stage: str) -> Path:
    """Name the folder below reports/ that a stage writes."""
    return REPORTS / stage


def resource(path: Path) -> Path:
    """Return a file of this checkout, or else the package's copy of it.

    Args:
        path: params.yaml, requirements.txt, references/ or a file in it; another one is returned as it is.
    """
    copy = _COPIES / path
    return path if DICTIONARY.exists() or not copy.exists() else copy
