"""What the deliberative program is made of: the asker as data, cues, declining, the guard, baselines and examples."""
