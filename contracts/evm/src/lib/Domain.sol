// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title The 32-byte name of a contract that takes statements
library Domain {
    /// @notice Keccak-256 of the CAIP-10 name of `account` on this chain, e.g. "eip155:1:0xab16...", the address in
    /// lower-case hex.
    function id(address account) internal view returns (bytes32) {
        return
            keccak256(abi.encodePacked("eip155:", Strings.toString(block.chainid), ":", Strings.toHexString(account)));
    }
}
