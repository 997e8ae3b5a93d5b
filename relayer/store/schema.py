"""The tables, and their version. Portable: nothing here is SQLite's own.

Rounds, heights and times are 64-bit; amounts are 32 bytes, big-endian, since no SQL integer holds a u256.
`check`: see `checks.py`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

VERSION = 1

metadata = MetaData()

meta = Table(
    "meta", metadata, Column("key", String(64), primary_key=True), Column("value", LargeBinary, nullable=False)
)

# One row (id 1). `generation` counts the transactions that bind the member; the witness file follows it.
promise = Table(
    "promise",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("round", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("check", LargeBinary, nullable=False),
)

amnesia = Table(
    "amnesia",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("lost_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)

observations = Table(
    "observations",
    metadata,
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("raw", LargeBinary, nullable=False),
    Column("check", LargeBinary, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("raw", LargeBinary, nullable=False),
    Column("check", LargeBinary, nullable=False),
)

signatures = Table(
    "signatures",
    metadata,
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("message", LargeBinary, nullable=False),
    Column("proposal", LargeBinary, nullable=False),
    Column("check", LargeBinary, nullable=False),
)

commitments = Table(
    "commitments",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("round", BigInteger, ForeignKey(signatures.c.round, ondelete="CASCADE"), nullable=False, index=True),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("height", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column("position", LargeBinary, primary_key=True),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("amount", LargeBinary, nullable=False),
)

disputes = Table(
    "disputes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    Column("round", BigInteger, nullable=False),
    Column("culprit", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)
Index("disputes_by_round", disputes.c.round)

journal = Table(
    "journal",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
