"""Errors of the safety store.

StoreError
 ├ StoreFailed       a write or read failed: the store takes nothing any more, nothing may be signed
 ├ Conflict          what is to be recorded contradicts what is recorded: the caller must not go on with it
 └ StoreRefused      the store cannot be opened or created; says what to do
    ├ StoreMissing   there is none
    ├ StoreExists    there is one already
    ├ StoreLocked    another process uses it
    ├ StoreExposed   others may read or write its files
    ├ StoreCorrupt   damaged, or not a store
    ├ StoreStale     older than what this member has already promised: restored from a copy, or cut off
    ├ StoreVersion   of another schema version
    └ StoreForeign   of another member or another committee
"""


class StoreError(Exception):
    """Anything that goes wrong with the safety store."""


class StoreFailed(StoreError):
    """The store could not do what it was asked, and takes nothing from now on."""


class Conflict(StoreError):
    """Contradicts what is recorded. Nothing was changed; the store goes on."""


class StoreRefused(StoreError):
    """The store cannot be opened or created."""


class StoreMissing(StoreRefused):
    """There is no store."""


class StoreExists(StoreRefused):
    """There is a store already, which is never overwritten."""


class StoreLocked(StoreRefused):
    """Another process uses the store."""


class StoreExposed(StoreRefused):
    """Others than the owner may read or write the store's files."""


class StoreCorrupt(StoreRefused):
    """The store is damaged, or is none."""


class StoreStale(StoreRefused):
    """The store lacks what this member has already recorded."""


class StoreVersion(StoreRefused):
    """The store has another schema version."""


class StoreForeign(StoreRefused):
    """The store belongs to another member or another committee."""
