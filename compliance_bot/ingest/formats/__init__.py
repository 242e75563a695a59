"""One reader per file format: bytes in, `ParsedDocument` out. None opens a file, follows a link or runs a macro."""
