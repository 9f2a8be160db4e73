"""How features are computed in tests that do not vary it."""

from flight_delay.features.parameters import FeatureParameters

FEATURE_PARAMETERS = FeatureParameters(
    late_threshold_minutes=15, horizon_hours=24, history_days=[7, 30], smoothing_flights=20.0, weather="none"
)
