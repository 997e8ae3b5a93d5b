// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committee} from "../../src/Committee.sol";
import {Gate} from "../../src/Gate.sol";
import {GateSettings} from "../../src/GateSettings.sol";
import {ReserveFeed} from "../../src/ReserveFeed.sol";
import {DemoCollateral} from "../../src/demo/DemoCollateral.sol";
import {DemoGatedToken} from "../../src/demo/DemoGatedToken.sol";
import {DemoToken} from "../../src/demo/DemoToken.sol";
import {DemoVault} from "../../src/demo/DemoVault.sol";
import {vm} from "./Vm.sol";

/// @notice Deploys what is tested: the committed artifacts where BALLAST_SHIPPED is set, so that the very bytecode
/// that ships is tested, else what forge has just compiled.
library Deploy {
    function committee(uint64 epoch, uint256 px, uint8 parity) internal returns (Committee) {
        return Committee(create("Committee", type(Committee).creationCode, abi.encode(epoch, px, parity)));
    }

    function gate(address token_, Gate.BurnStyle style, GateSettings.Config memory config) internal returns (Gate) {
        return Gate(create("Gate", type(Gate).creationCode, abi.encode(token_, style, config)));
    }

    function feed(address gate_, uint8 decimals, string memory description) internal returns (ReserveFeed) {
        return
            ReserveFeed(
                create("ReserveFeed", type(ReserveFeed).creationCode, abi.encode(gate_, decimals, description))
            );
    }

    function token(uint8 decimals, address admin) internal returns (DemoToken) {
        bytes memory arguments = abi.encode("Wrapped", "W", decimals, admin);
        return DemoToken(create("DemoToken", type(DemoToken).creationCode, arguments));
    }

    function gatedToken(uint8 decimals, GateSettings.Config memory config) internal returns (DemoGatedToken) {
        bytes memory arguments = abi.encode("Wrapped", "W", decimals, config);
        return DemoGatedToken(create("DemoGatedToken", type(DemoGatedToken).creationCode, arguments));
    }

    function asset(uint8 decimals, address owner) internal returns (DemoCollateral) {
        bytes memory arguments = abi.encode("Collateral", "COL", decimals, owner);
        return DemoCollateral(create("DemoCollateral", type(DemoCollateral).creationCode, arguments));
    }

    function vault(address asset_, address owner) internal returns (DemoVault) {
        return DemoVault(create("DemoVault", type(DemoVault).creationCode, abi.encode(asset_, owner)));
    }

    /// @notice The creation code that is to be tested.
    function code(string memory name, bytes memory compiled) internal view returns (bytes memory) {
        if (!vm.envOr("BALLAST_SHIPPED", false)) return compiled;
        string memory path = string.concat("../../chains/evm/artifacts/", name, ".json");
        return vm.parseJsonBytes(vm.readFile(path), ".bytecode");
    }

    function create(string memory name, bytes memory compiled, bytes memory arguments)
        internal
        returns (address created)
    {
        bytes memory creation = bytes.concat(code(name, compiled), arguments);
        assembly ("memory-safe") {
            created := create(0, add(creation, 32), mload(creation))
            if iszero(created) {
                returndatacopy(mload(0x40), 0, returndatasize())
                revert(mload(0x40), returndatasize())
            }
        }
    }
}
