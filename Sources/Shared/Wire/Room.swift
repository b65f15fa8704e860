enum WireRoom {}
