"""Groups (procedures section 16): who the members are, how they are asked, what becomes of their answers."""
