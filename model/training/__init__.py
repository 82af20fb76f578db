"""Supervised fine-tuning: from conversations with pictures to a checkpoint in the published layout."""
