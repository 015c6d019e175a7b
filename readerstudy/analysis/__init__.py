"""From ratings to a report: the long table, the estimates, figures and exports."""
