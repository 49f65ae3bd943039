"""What the distributor was told, kept so that each of its decisions can be shown again, with everybody who had a say."""
