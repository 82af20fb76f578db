"""Tasks on the practice phone, how they are checked, and who can solve them."""

from . import calendar, calendar_asked, contacts, contacts_asked, messages, messages_asked, notes, reader, settings, shop, shop_orders
from .base import FAMILIES, Family, PracticeTask, Unfit, make_task

__all__ = ["FAMILIES", "Family", "PracticeTask", "Unfit", "make_task", "contacts", "contacts_asked", "notes", "reader", "settings", "shop", "shop_orders"]
