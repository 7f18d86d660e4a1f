"""BACnet/IP: controllers of buildings, by ReadPropertyMultiple, change-of-value notices and priorities."""
