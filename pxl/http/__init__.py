"""Flask and Waitress: routes, bodies, replies, the gate before them; nobody else knows HTTP."""
