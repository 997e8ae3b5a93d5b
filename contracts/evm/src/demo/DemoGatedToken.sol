// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {GateBase} from "../GateBase.sol";
import {ReserveGated} from "../ReserveGated.sol";

/// @title DemoGatedToken
/// @notice The smallest token that is its own gate. For devnets, and to copy from.
contract DemoGatedToken is ReserveGated {
    uint8 private immutable DECIMALS;

    constructor(string memory name_, string memory symbol_, uint8 decimals_, Config memory config)
        ERC20(name_, symbol_)
        GateBase(config)
    {
        DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }
}
