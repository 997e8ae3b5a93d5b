// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A token for the tests of the readings: it can take a fee, be paused, freeze an account, or keep shares.
contract OddToken {
    mapping(address => uint256) private _units; // slot 0
    mapping(address => bool) public isBlacklisted;
    bool public paused;
    uint256 public fee; // per ten thousand
    uint256 public scale = 1;
    uint256 public totalSupply;
    uint8 public constant decimals = 18;

    function mint(address to, uint256 amount) external {
        _units[to] += amount;
        totalSupply += amount;
    }

    function set(bool paused_, address account, bool listed, uint256 fee_, uint256 scale_) external {
        (paused, isBlacklisted[account], fee, scale) = (paused_, listed, fee_, scale_);
    }

    function balanceOf(address holder) external view returns (uint256) {
        return _units[holder] * scale;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        require(!paused && !isBlacklisted[msg.sender], "frozen");
        _units[msg.sender] -= amount / scale;
        _units[to] += (amount - amount * fee / 10_000) / scale;
        return true;
    }
}

/// A proxy as EIP-1967 describes it.
contract Proxy1967 {
    constructor(address implementation) {
        assembly {
            sstore(0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc, implementation)
        }
    }

    fallback() external payable {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let target := sload(0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc)
            let ok := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
