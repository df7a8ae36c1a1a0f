"""The only way to a verdict: a certificate, a Coq session, an accepted `Qed`; and the same for a file."""
