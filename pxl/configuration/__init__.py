"""How the text of a setting is read, and the file that early documents have for some of them."""
