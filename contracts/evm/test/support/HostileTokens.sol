// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token of which anyone may mint and burn, and which calls back into `target` in the middle of it.
contract ReenteringToken is ERC20("Hostile", "H") {
    address private _target;
    bytes private _call;
    bool public succeeded;
    bytes public answer;

    function arm(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    function mint(address to, uint256 amount) external {
        _callBack();
        _mint(to, amount);
        _callBack();
    }

    function burnFrom(address account, uint256 amount) external {
        _callBack();
        _burn(account, amount);
        _callBack();
    }

    function _callBack() private {
        if (_target == address(0)) return;
        (succeeded, answer) = _target.call(_call);
    }
}

/// @notice Mints `extra` more, or burns `lack` less, than it is asked to, or gives it to somebody else.
contract CheatingToken is ERC20("Cheat", "C") {
    uint256 public more;
    uint256 public less;
    address public other;

    function cheat(uint256 more_, uint256 less_, address other_) external {
        (more, less, other) = (more_, less_, other_);
    }

    function mint(address to, uint256 amount) external {
        if (other != address(0)) to = other;
        _mint(to, amount + more - less);
    }

    function burnFrom(address account, uint256 amount) external {
        _burn(account, amount + more - less);
    }
}

/// @notice Burns only the caller's own, as tokens in the manner of FiatToken do, and answers with a value.
contract OwnBurnToken is ERC20("OwnBurn", "O") {
    function mint(address to, uint256 amount) external returns (bool) {
        _mint(to, amount);
        return true;
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }
}
