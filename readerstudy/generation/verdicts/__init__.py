"""What kind of response an output is: rules, a judging model, people."""
