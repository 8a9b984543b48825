"""The parts of the Big Five profile: the published cues, and the reading by a model beside the measured score."""
