"""Names of metrics: whatever a system is called, MLflow takes its numbers."""

from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name

from programs.tracking_rows import metric_name


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_metrics_name_is_one_that_mlflow_takes_and_differs_where_the_text_does(one: str, other: str):
    for system in (one, "/tmp/versions/1", "../1*8", "a/./b"):
        _validate_metric_name(metric_name(f"win_rate/stylometric/{system} vs zero-shot"))
    if one != other and (one + other).isalnum() and (one + other).isascii():
        assert metric_name(f"a/{one}/../b") != metric_name(f"a/{other}/../b")
