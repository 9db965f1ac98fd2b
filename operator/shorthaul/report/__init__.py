"""Report: text, pages and graph files made from values; pure."""
