"""Supervised fine-tuning: conversations with pictures in, a checkpoint of published layout out."""
