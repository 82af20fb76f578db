"""The practice phone: a small phone OS, drawn with Pillow, to work without a device."""
