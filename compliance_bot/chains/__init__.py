"""The governed answer, and the parts that only it uses."""
