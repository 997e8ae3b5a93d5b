// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {GateBase} from "./GateBase.sol";

/// @title ReserveGated
/// @notice Mixin for new tokens: the token is its own gate. See `IGate`.
/// @dev Every way to create tokens, whichever contract derived from this one calls `_mint`, goes through `_update` and
/// is charged there: cap, lease, pause and rate limit hold for all of them. A contract that overrides `_update` must
/// call `super._update`.
abstract contract ReserveGated is ERC20, GateBase {
    /// @notice The wrapped token: this contract.
    function token() public view override returns (address) {
        return address(this);
    }

    function _update(address from, address to, uint256 value) internal virtual override {
        if (from == address(0)) _charge(value);
        super._update(from, to, value);
    }

    function _supply() internal view override returns (uint256) {
        return totalSupply();
    }

    function _issue(address to, uint256 amount) internal override {
        _mint(to, amount); // charged in `_update`
    }

    function _retire(address from, uint256 amount) internal override {
        _burn(from, amount);
    }
}
