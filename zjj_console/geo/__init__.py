"""Where things are: shapes on the earth, their picture in terminal cells. Pure; knows no town, case or terminal library."""

CRS_CODES = ("wgs84", "gcj02", "bd09", "cgcs2000", "shanghai")  # here, where help texts find them at no cost
