"""Cases: uploads, their clean renditions, strata and reference standards."""
