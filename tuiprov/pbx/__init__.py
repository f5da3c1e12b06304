"""What tuiprov tells the PBX, and phones by way of it."""
