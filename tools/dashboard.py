"""Write the dashboard of Grafana, deploy/grafana/dashboard.json.

The builders of Grafana's SDK are generated from its schemas."""

from __future__ import annotations

import itertools
from pathlib import Path
from string import ascii_uppercase

from grafana_foundation_sdk.builders import dashboard as grafana
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

PATH = Path(__file__).resolve().parents[1] / "deploy/grafana/dashboard.json"
DATA_SOURCE = DataSourceRef("prometheus", "prometheus")  # as datasource.yml provisions it

PREDICTIONS = 'route=~"/v1/predictions.*"'
SECONDS = f"sum by (le) (rate(flight_delay_request_seconds_bucket{{{PREDICTIONS}}}[15m]))"
MEAN = "sum(increase(flight_delay_probability_sum[1h])) / sum(increase(flight_delay_probability_count[1h]))"
ANSWERS = "sum(increase(flight_delay_predictions_total[1h]))"

# By row: title, unit, description, and expressions by legend.
ROWS: dict[str, list[tuple[str, str, str, dict[str, str]]]] = {
    "Model, by the last monitoring run": [
        ("Findings", "none", "2 alarm, 1 warning, 0 quiet, -1 no data",
         {"{{check}} {{subject}}": "flight_delay_monitoring_finding"}),
        ("Answers", "percentunit", "mean probability and share predicted late",
         {"mean probability, {{window}}": "flight_delay_monitoring_mean_probability",
          "share predicted late, {{window}}": "flight_delay_monitoring_share_predicted_late"}),
        ("ROC AUC", "none", "of answers whose outcome is known",
         {"{{window}}": "flight_delay_monitoring_roc_auc"}),
        ("Calibration gap", "percentunit", "mean predicted minus observed share of late flights",
         {"{{window}}": "flight_delay_monitoring_calibration_gap"}),
        ("Mean profit", "none", "per flight, by the payoffs of the decision",
         {"{{window}}": "flight_delay_monitoring_mean_profit"}),
        ("Log loss minus that of the shadow", "none", "above zero: the shadow is better",
         {"{{window}}": "flight_delay_monitoring_shadow_log_loss_difference"}),
        ("Drift", "none", "population stability index of a week against the eight weeks before",
         {"{{column}}": "flight_delay_monitoring_input_psi", "scores": "flight_delay_monitoring_score_psi"}),
        ("Outcomes", "none", "days that the state is behind, and flights of a window whose outcome is known",
         {"days behind": "flight_delay_monitoring_days_behind", "{{window}}": "flight_delay_monitoring_labelled"}),
    ],
    "Service": [
        ("Servers that answer", "none", "scraped with success", {"{{instance}}": 'up{job="flight-delay"}'}),
        ("Requests", "reqps", "by status", {"{{status}}": "sum by (status) (rate(flight_delay_requests_total[5m]))"}),
        ("Duration of predictions", "s", "of requests; the alert is at 1 s for 99 %",
         {f"{share} %": f"histogram_quantile({share / 100}, {SECONDS})" for share in (50, 95, 99)}),
        ("Answered flights", "none", "in an hour",
         {"answered": ANSWERS, "predicted late": "sum(increase(flight_delay_predicted_late_total[1h]))"}),
        ("Predicted probability", "percentunit", "mean of an hour", {"mean": MEAN}),
        ("Other answers", "percentunit", "shares of an hour; base rates are given after the time limit",
         {name: f"sum(increase(flight_delay_{metric}_total[1h])) / {ANSWERS}"
          for name, metric in (("provisional", "provisional"), ("base rate", "fallbacks"))}),
        ("Refused flights and answers that were not stored", "none", "in an hour",
         {"refused": "sum(increase(flight_delay_invalid_rows_total[1h]))",
          "not stored": "sum(increase(flight_delay_store_errors_total[1h]))"}),
        ("Age of the state", "s", "since its cut-off; the alert is at two days",
         {"{{instance}}": "time() - flight_delay_state_as_of_seconds"}),
        ("Rejected states", "none", "since a process started", {"{{instance}}": "flight_delay_state_rejections"}),
    ],
}  # fmt: skip


def build_dashboard() -> str:
    """Return the dashboard as JSON."""
    dashboard = grafana.Dashboard("Flight delay").uid("flight-delay").tags(["flight-delay"]).readonly()
    dashboard = dashboard.timezone("utc").time("now-7d", "now").refresh("1m")
    numbers = itertools.count(1)
    for row, panels in ROWS.items():
        dashboard = dashboard.with_row(grafana.Row(row).id(next(numbers)))
        for title, unit, description, queries in panels:
            panel = Panel().id(next(numbers)).title(title).description(description).unit(unit).fill_opacity(5)
            for name, (legend, expression) in zip(ascii_uppercase, queries.items(), strict=False):
                panel = panel.with_target(Dataquery().ref_id(name).expr(expression).legend_format(legend).range())
            dashboard = dashboard.with_panel(panel.datasource(DATA_SOURCE).span(8))
    return JSONEncoder(sort_keys=True, indent=2).encode(dashboard.build()) + "\n"


if __name__ == "__main__":
    PATH.write_text(build_dashboard(), encoding="utf-8")
