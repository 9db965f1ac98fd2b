"""The inner loop of decoding in C, and the one door to it; `readers` is its plain twin."""
