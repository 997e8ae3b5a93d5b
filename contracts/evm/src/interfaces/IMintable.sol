// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What a gate calls on the token it mints
/// @notice Return values are not looked at: the gate compares supply and balance before and after.
interface IMintable is IERC20 {
    /// @notice Mints `amount` to `to`; the gate must be allowed to.
    function mint(address to, uint256 amount) external;

    /// @notice Burns `amount` of `account`, from its allowance for the caller.
    function burnFrom(address account, uint256 amount) external;

    /// @notice Burns `amount` of the caller's own.
    function burn(uint256 amount) external;
}
