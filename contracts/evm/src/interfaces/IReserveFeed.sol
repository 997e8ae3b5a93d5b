// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "./AggregatorV3Interface.sol";

/// @title A route's locked collateral, as a data feed
/// @notice Reads one gate and keeps nothing. `answer` is the collateral in route units with `decimals`, `updatedAt`
/// and `startedAt` the time of the readings, the round id the committee's round.
///
/// - No statement yet: `latestRoundData` reverts with "No data present".
/// - Old data: it is returned as it is, and `updatedAt` tells its age. A consumer compares it with its own longest
/// age,   as with any feed; the gate itself mints nothing on an expired statement.
/// - Past rounds: the gate keeps the newest only; `getRoundData` reverts with "No data present" for any other.
interface IReserveFeed is AggregatorV3Interface {
    /// @notice The gate that is read.
    function gate() external view returns (address);
}
