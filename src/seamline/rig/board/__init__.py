"""Hardware in the loop: a real board driven through a small port, and the hub's books held against what it says."""
