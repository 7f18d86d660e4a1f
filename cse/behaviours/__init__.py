"""What resource types do beyond their tables: one module a subject; `table` says who does what."""
