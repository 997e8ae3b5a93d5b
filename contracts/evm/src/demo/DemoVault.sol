// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title DemoVault
/// @notice Locks an ERC-20. Its owner can empty it, which is what a reserve verifier must notice. For devnets.
/// @dev What counts as locked is the balance, so a plain transfer to the vault (a donation) adds to it as a deposit
/// does.
contract DemoVault is Ownable {
    using SafeERC20 for IERC20;

    /// @notice The asset that is locked here.
    IERC20 public immutable asset;

    event Deposited(address indexed from, uint256 amount);
    event Released(address indexed to, uint256 amount);

    constructor(address asset_, address owner_) Ownable(owner_) {
        asset = IERC20(asset_);
    }

    /// @notice Locks `amount` of the caller's tokens, from its allowance for the vault.
    function deposit(uint256 amount) external {
        emit Deposited(msg.sender, amount);
        asset.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Sends `amount` to `to`. Owner only.
    function release(address to, uint256 amount) public onlyOwner {
        emit Released(to, amount);
        asset.safeTransfer(to, amount);
    }

    /// @notice Sends everything to `to`. Owner only.
    function drain(address to) external {
        release(to, locked()); // checks the owner
    }

    /// @notice What is locked now.
    function locked() public view returns (uint256) {
        return asset.balanceOf(address(this));
    }
}
