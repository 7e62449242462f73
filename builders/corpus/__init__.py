"""What is done with a finished corpus: exported, pushed to the hub, compared with another."""
