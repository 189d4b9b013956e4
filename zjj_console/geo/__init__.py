"""Where things are: shapes on the earth, their picture in terminal cells. Pure; knows no town, case or terminal library."""
