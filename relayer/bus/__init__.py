"""The members' bus: signed envelopes over a transport that nobody has to trust."""
