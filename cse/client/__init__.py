"""The AE side: one client API over any transport (``Client``), and a receiver for notifications (``Receiver``)."""
