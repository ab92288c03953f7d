"""Features of breast tumours, for train.ipynb.

The measurements are scikit-learn's copy of the Wisconsin breast cancer data (569 tumours, 30 numbers each, no download).
It has neither patient numbers nor dates: the row number stands in for the one, a day per row for the other.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer

import mlnb

SOURCE = Path(__file__).parent / "data" / "measurements.parquet"


def measurements() -> pd.DataFrame:
    """One row per tumour: `tumour_id`, `measured_at` (UTC), 30 measurements and `malignant`."""
    data = load_breast_cancer(as_frame=True)
    table = data.frame.drop(columns="target").rename(columns=lambda name: name.replace(" ", "_"))
    table.insert(0, "tumour_id", range(len(table)))
    table.insert(1, "measured_at", pd.date_range("2024-01-01", periods=len(table), freq="D", tz="UTC"))
    table["malignant"] = data.target == 0  # the data set says 1 for benign
    return table


def write_source() -> Path:
    """Write the measurements where the feature catalogue reads them; returns the file."""
    SOURCE.parent.mkdir(exist_ok=True)
    measurements().to_parquet(SOURCE, index=False)
    return SOURCE


@mlnb.feature_view(
    entity="tumour_id",
    timestamp="measured_at",
    source="data/measurements.parquet",
    owner="ana",
    tags={"study": "wisconsin"},
)
def tumour_shape(table: pd.DataFrame) -> pd.DataFrame:
    """How large and how ragged a tumour's cell nuclei are: area, the worst radius, and dents relative to size."""
    return pd.DataFrame(
        {
            "tumour_id": table["tumour_id"],
            "measured_at": table["measured_at"],
            "area": table["mean_area"],
            "worst_radius": table["worst_radius"],
            "dents_per_radius": table["mean_concave_points"] / table["mean_radius"],
            "texture": table["mean_texture"],
        }
    )


if __name__ == "__main__":
    print(write_source())
