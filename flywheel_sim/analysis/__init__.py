"""What judges a trajectory."""
