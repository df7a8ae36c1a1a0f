"""How the text of a setting is read, and a YAML file that may hold some of them."""
