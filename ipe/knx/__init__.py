"""KNX by a KNX/IP interface."""
