// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IGate} from "./interfaces/IGate.sol";
import {IReserveFeed} from "./interfaces/IReserveFeed.sol";

/// @title ReserveFeed
/// @notice See `IReserveFeed`.
contract ReserveFeed is IReserveFeed {
    /// @notice The gate that is read.
    address public immutable gate;
    /// @notice Decimals of the route, not of the token on this chain.
    uint8 public immutable decimals;
    /// @notice Version of this contract's behaviour.
    // solhint-disable-next-line const-name-snakecase
    uint256 public constant version = 1;
    /// @notice E.g. "wBTC reserve".
    string public description;

    /// @param gate_ the gate to read
    /// @param decimals_ the route's decimals, as the committee's configuration states them
    /// @param description_ for people
    constructor(address gate_, uint8 decimals_, string memory description_) {
        IGate(gate_).state(); // something that is no gate fails here
        gate = gate_;
        decimals = decimals_;
        description = description_;
    }

    /// @notice The newest statement's data if `roundId` is its round, else reverts with "No data present".
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        (id, answer, startedAt, updatedAt, answeredInRound) = latestRoundData();
        // solhint-disable-next-line gas-custom-errors
        require(id == roundId, "No data present");
    }

    /// @notice The newest statement's data, or reverts with "No data present".
    function latestRoundData()
        public
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        IGate.State memory s = IGate(gate).state();
        // The words that consumers of such feeds know, hence no error of our own.
        // solhint-disable-next-line gas-custom-errors
        require(s.round != 0, "No data present");
        return (s.round, SafeCast.toInt256(s.collateral), s.observedAt, s.observedAt, s.round);
    }
}
