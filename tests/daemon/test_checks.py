"""What is not known here is nobody's fault."""

import pytest

from relayer.agreement.judging import UnknownConfiguration
from relayer.daemon.checks import checks


def test_a_certificate_of_an_epoch_whose_key_is_not_here_blames_nobody() -> None:
    with pytest.raises(UnknownConfiguration, match="epoch 7"):
        checks({}, {}).certificate(7, bytes(32), bytes(33), bytes(32))
