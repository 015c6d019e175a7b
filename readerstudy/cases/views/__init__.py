"""The coordinator's Images station: files come in, a person looks at every image, labels are added."""
