"""What is written down: the journal, its projections, the recording chain and the state of restarts."""
