"""Who may ask, how often and from where; knows no web framework."""
