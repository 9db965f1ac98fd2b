"""Plan: from an assignment to few, worthwhile, ordered moves; pure."""
