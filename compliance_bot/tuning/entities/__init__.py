"""Train the entity model: corpora and templates in, an int8 ONNX token tagger with its manifest out."""
