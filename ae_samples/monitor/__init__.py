"""Energy monitor: turns a meter's register into energy, watches the peak demand and shows both on a page."""
