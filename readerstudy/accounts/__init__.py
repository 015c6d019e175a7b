"""Who people are: accounts, reader profiles, invitations, sign-in and the second factor."""
