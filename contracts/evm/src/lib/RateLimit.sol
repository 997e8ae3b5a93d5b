// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A token bucket
/// @notice What is taken within any span of time is at most `capacity + refillPerSecond * seconds`.
library RateLimit {
    using SafeCast for uint256;

    struct Bucket {
        // The greatest level, and what flows in each second.
        uint128 capacity;
        uint128 refillPerSecond;
        // What was left at `updatedAt`.
        uint128 level;
        uint64 updatedAt;
    }

    /// @notice More is asked for than the bucket holds now.
    error ExceedsRateLimit(uint256 amount, uint256 available);

    /// @notice What can be taken now.
    function available(Bucket storage self) internal view returns (uint256) {
        uint256 inflow = uint256(self.refillPerSecond) * (block.timestamp - self.updatedAt);
        return Math.min(self.capacity, self.level + inflow);
    }

    /// @notice Takes `amount` or reverts with `ExceedsRateLimit`.
    function take(Bucket storage self, uint256 amount) internal {
        uint256 left = available(self);
        if (amount > left) revert ExceedsRateLimit(amount, left);
        self.level = (left - amount).toUint128();
        self.updatedAt = uint64(block.timestamp);
    }

    /// @notice Sets a full bucket.
    function fill(Bucket storage self, uint128 capacity, uint128 refillPerSecond) internal {
        self.capacity = capacity;
        self.refillPerSecond = refillPerSecond;
        self.level = capacity;
        self.updatedAt = uint64(block.timestamp);
    }

    /// @notice Changes the limits. What flowed in until now counts at the old rate; a greater capacity adds nothing by
    /// itself.
    function change(Bucket storage self, uint128 capacity, uint128 refillPerSecond) internal {
        self.level = Math.min(capacity, available(self)).toUint128();
        self.updatedAt = uint64(block.timestamp);
        self.capacity = capacity;
        self.refillPerSecond = refillPerSecond;
    }
}
