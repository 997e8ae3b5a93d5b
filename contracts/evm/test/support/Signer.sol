// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Frost} from "../../src/lib/Frost.sol";
import {vm, Vm} from "./Vm.sol";

/// @notice Signs as a FROST group does, with the whole key in one hand: what the participants' shares add up to is
/// z = k + e*s for R = k*G (RFC 9591, section 5.3). Test keys only.
library Signer {
    struct Key {
        uint256 secret;
        uint256 px;
        uint8 parity;
    }

    function key(uint256 secret) internal returns (Key memory) {
        Vm.Wallet memory wallet = vm.createWallet(secret);
        return Key(secret, wallet.publicKeyX, uint8(wallet.publicKeyY & 1));
    }

    /// @return R 33 | z 32 | y of R 32
    function sign(Key memory self, bytes32 message, uint256 nonce) internal returns (bytes memory) {
        Vm.Wallet memory r = vm.createWallet(nonce);
        uint8 prefix = uint8(2 + (r.publicKeyY & 1));
        uint256 e = Frost.challenge(prefix, r.publicKeyX, self.px, self.parity, message);
        uint256 z = addmod(nonce, mulmod(e, self.secret, Frost.N), Frost.N);
        return abi.encodePacked(prefix, r.publicKeyX, z, r.publicKeyY);
    }
}
