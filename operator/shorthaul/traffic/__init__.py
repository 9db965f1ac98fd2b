"""Traffic: who talks to whom, and how much; pure values and functions."""
