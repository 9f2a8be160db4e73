"""Stage: train the model, with early stopping on the validation split."""

from functools import partial

import numpy as np

from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import run_stage
from flight_delay.features.parameters import FeatureParameters
from flight_delay.model.booster import BoosterParameters, booster_importances, train_booster
from flight_delay.model.bundle import save_bundle
from flight_delay.model.encode import fit_encoding
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.selection import read_selection
from flight_delay.model.sharded import open_workers
from flight_delay.model.training_data import load_training_data


def main() -> int:
    p = params.load_params("train_model", BoosterParameters)
    splits = params.load_params("splits", months.Splits)
    features = read_selection(paths.SELECTION).features
    read = partial(read_month, paths.PROCESSED, features)
    train = months.require_months(paths.PROCESSED, "splits.train", splits.train)
    validation = months.require_months(paths.PROCESSED, "splits.validation", splits.validation)
    for name, names in (("train", train), ("validation", validation)):
        require_both_classes((read(month).target for month in names), f"splits.{name}")

    encoding = fit_encoding(features, (read(month) for month in train))
    data = load_training_data(encoding, read, train, validation, p.max_bin)
    workers = open_workers(months.month_paths(paths.PROCESSED, [*train, *validation])) if p.sharded else None
    trained = train_booster(p, data, record_train=True, workers=workers)

    target = np.concatenate([read(month).target for month in train])
    # The folder is not replaced as a whole, since it also contains the decision.
    save_bundle(
        paths.BUNDLE,
        trained.booster,
        features=encoding,
        feature_parameters=params.load_params("build_features", FeatureParameters),
        train_split=splits.train,
        trained_rows=len(target),
        trained_base_rate=float(target.mean()),
        validation_split=splits.validation,
    )
    with files.atomic_directory(paths.report("train")) as report:
        files.write_json(report / "importances.json", booster_importances(trained.booster, encoding))
        header = ["round", *(f"{split}_log_loss" for split in trained.log_loss)]
        rounds = zip(*trained.log_loss.values(), strict=True)
        files.write_csv(report / "curve.csv", header, [[n, *row] for n, row in enumerate(rounds, 1)])
    return len(target)


if __name__ == "__main__":
    run_stage("train_model", main)
