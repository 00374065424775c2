"""From a team's files to training rows: read, map, clean, hide, deduplicate, split, report."""
