// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The committee's record on one chain
/// @notice Holds the current epoch and group key, for all gates of the chain, so that a handover costs one
/// transaction. Nobody owns it: the key changes only through a handover that the current key and the new key have both
/// signed. There is no initialiser, no upgrade and no way back to an earlier epoch.
interface ICommittee {
    /// @notice A new key is in force.
    /// @param epoch the epoch that begins with it
    /// @param px x coordinate of the key
    /// @param parity 0: its y is even, 1: odd
    /// @param sinceRound round of the handover's certificate; certificates of the new epoch are of later rounds
    event HandedOver(uint64 indexed epoch, uint256 px, uint8 parity, uint64 sinceRound);

    /// @notice The certificate, or the epoch that a handover begins, is of another epoch than the one that is due.
    error WrongEpoch(uint64 epoch, uint64 expected);
    /// @notice The certificate's round is not after the one in which this epoch's handover was signed.
    error RoundBeforeEpoch(uint64 round, uint64 sinceRound);
    /// @notice The handover is meant for another committee contract or chain.
    error WrongCommittee(bytes32 domain, bytes32 expected);
    /// @notice The handover's time has run out.
    error HandoverExpired(uint64 expiresAt, uint256 blockTime);

    /// @notice The current epoch.
    function epoch() external view returns (uint64);

    /// @notice The group key in force: x coordinate, and 0 or 1 for an even or odd y.
    function key() external view returns (uint256 px, uint8 parity);

    /// @notice Round of the certificate that put the current key into force; 0 for the first key.
    function sinceRound() external view returns (uint64);

    /// @notice Keccak-256 of this contract's CAIP-10 name (address in lower-case hex), which handovers must name.
    function domain() external view returns (bytes32);

    /// @notice Checks a certificate under the key in force, or reverts.
    /// @dev Reverts with `WrongEpoch`, `RoundBeforeEpoch`, `Statement.BadLength`, or an error of `Frost`.
    /// @param certificate header 80 | R 33 | z 32 | y of R 32
    /// @return round the header's round
    /// @return root the root of the statements' tree that it signs
    function verify(bytes calldata certificate) external view returns (uint64 round, bytes32 root);

    /// @notice Puts the next epoch's key into force. Anyone may call it.
    /// @dev Also reverts with errors of `Statement` and `Frost`. The new key must sign too, since a wrong one would
    /// leave every gate of the chain without statements for ever.
    /// @param statement submission of a handover leaf, certified by the key in force: leaf | branch | certificate | y
    /// @param proof the new key's signature over keccak256("ballast/handover/v1" | leaf): R 33 | z 32 | y of R 32
    function handover(bytes calldata statement, bytes calldata proof) external;
}
