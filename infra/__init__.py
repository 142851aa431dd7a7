"""The roof: command line, embedded servers, the simulated city."""
