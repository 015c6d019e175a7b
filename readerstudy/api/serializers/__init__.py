"""The shapes of requests and answers. They check and copy; they decide nothing."""
