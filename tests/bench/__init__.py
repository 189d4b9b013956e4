"""Speed as ratios: each bench measures the product and its peer in the same run. Run by `make bench`."""
