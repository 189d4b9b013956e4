"""What screens share: the virtual case table, panels of fitted lines, the line editor and the three header lines."""
