// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {GateBase} from "./GateBase.sol";
import {IMintable} from "./interfaces/IMintable.sol";

/// @title Gate
/// @notice A gate for an ERC-20 that exists already and gives this contract its minter role. See `IGate`.
///
/// The gate protects what it alone can mint: every other minter of the token, and whoever can appoint one, is trusted.
/// Whatever the token's code does, a mint stands only if supply and the receiver's balance grew by exactly the amount;
/// tokens that charge fees on minting, rebase, or let the receiver pass coins on during the mint are thereby refused.
contract Gate is GateBase {
    using SafeERC20 for IERC20;

    /// @notice How the token burns: `burnFrom(holder, amount)`, or `burn(amount)` of the caller's own balance. Both
    /// take the holder's allowance for the gate.
    enum BurnStyle {
        BurnFrom,
        PullAndBurn
    }

    /// @notice How this gate burns on `redeem`.
    BurnStyle public immutable burnStyle;

    IMintable private immutable TOKEN;

    constructor(address token_, BurnStyle burnStyle_, Config memory config) GateBase(config) {
        if (token_.code.length == 0) revert BadSetting();
        TOKEN = IMintable(token_);
        burnStyle = burnStyle_;
        _supply(); // something that is no ERC-20 fails here
    }

    /// @notice The wrapped token.
    function token() public view override returns (address) {
        return address(TOKEN);
    }

    function _supply() internal view override returns (uint256) {
        return TOKEN.totalSupply();
    }

    function _issue(address to, uint256 amount) internal override {
        uint256 supply = _charge(amount);
        uint256 balance = TOKEN.balanceOf(to);
        TOKEN.mint(to, amount);
        if (TOKEN.totalSupply() != supply + amount || TOKEN.balanceOf(to) != balance + amount) revert MintMismatch();
    }

    function _retire(address from, uint256 amount) internal override {
        uint256 supply = TOKEN.totalSupply();
        if (burnStyle == BurnStyle.BurnFrom) {
            TOKEN.burnFrom(from, amount);
        } else {
            IERC20(TOKEN).safeTransferFrom(from, address(this), amount);
            TOKEN.burn(amount);
        }
        if (TOKEN.totalSupply() + amount != supply) revert BurnMismatch();
    }
}
