"""Act: carries out one plan, one API request per step; it chooses nothing."""
