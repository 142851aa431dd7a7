"""`livingdata demo`: the whole city on this machine, from the hospitals' formats to the analysts' views, and its books."""
