"""Modal logics over classes of frames, with any number of relations; `presets` has the overlays."""
